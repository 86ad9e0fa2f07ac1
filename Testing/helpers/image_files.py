"""Small images in files for the tests."""

import json

import numpy as np
import SimpleITK as sitk

TURN = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def voxels(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def write(path, array, sidecar=None, vector=False):
    """Write an oblique image, 3D or 4D, and its sidecar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(array, isVector=vector)
    direction = np.eye(image.GetDimension())
    direction[:3, :3] = np.reshape(TURN, (3, 3))
    image.SetDirection(direction.ravel())
    image.SetSpacing((1.0, 1.5, 2.0, 1.0)[: image.GetDimension()])
    image.SetOrigin((3.0, 4.0, 5.0, 0.0)[: image.GetDimension()])
    sitk.WriteImage(image, str(path))
    if sidecar is not None:
        stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
        path.with_name(f"{stem}.json").write_text(json.dumps(sidecar))
    return path


def frames(proxy):
    """The volumes of the sequence that a volume shows."""
    from QSMLib.scan.sequences import sequence_of

    sequence = sequence_of(proxy)
    return [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
