"""ONNX: a network of the user's own that maps a local field to susceptibility, if onnxruntime is installed."""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from ...registry.method import method, parameter

PACKAGE = "onnxruntime"
MISSING = (
    "onnxruntime is not installed. Install it (pip install onnxruntime; in Slicer's Python console "
    "slicer.util.pip_install('onnxruntime')), or choose another inversion."
)
REMOTE = "Azure"  # of providers that compute elsewhere
LEAST = 1e-6  # of factors and means other than 0
PRECISIONS = {"tensor(float16)": np.float16, "tensor(double)": np.float64}  # of inputs; float32 otherwise
ORDERS = {"kji": (0, 1, 2), "ijk": (2, 1, 0)}


@dataclass(frozen=True)
class OnnxParameters:
    model: str = parameter(
        "",
        "Model file",
        help="Path of the network (.onnx). None comes with this software; it runs as it is, so use "
        "one that you trust, on scans of the voxel size and orientation that it was trained on.",
    )
    axes: str = parameter(
        "kji",
        "Axis order",
        choices=tuple(ORDERS),
        help="Order of the spatial axes of input and output, after batch and channel: kji has slices first, ijk last.",
    )
    multiple: int = parameter(
        16, "Size multiple of", low=1, high=256, help="Pad each axis with zeros to a multiple of so many voxels."
    )
    input_scale: float = parameter(
        1.0,
        "Input factor",
        low=-1e6,
        high=1e6,
        least=LEAST,
        help="Multiply the field in ppm by this first. For hertz: 42.58 x field strength in T; for radians: that times "
        "2 pi x echo time in s.",
    )
    input_mean: float = parameter(
        0.0,
        "Input mean",
        low=-1e6,
        high=1e6,
        least=LEAST,
        help="Subtract this next, the mean of the training fields.",
    )
    input_sd: float = parameter(
        1.0, "Input SD", low=LEAST, high=1e6, help="Divide by this then, the standard deviation of the training fields."
    )
    output_sd: float = parameter(
        1.0,
        "Output SD",
        low=-1e6,
        high=1e6,
        least=LEAST,
        help="Multiply the output by this, the SD of the training maps.",
    )
    output_mean: float = parameter(
        0.0,
        "Output mean",
        unit="ppm",
        low=-1e6,
        high=1e6,
        least=LEAST,
        help="Then add this, the mean of the training maps.",
    )


def missing():
    """Why no network can run, "" if one can."""
    return "" if importlib.util.find_spec(PACKAGE) else MISSING


@method("invert", title="Network (ONNX)", parameters=OnnxParameters, missing=missing)
def onnx(local, parameters, progress):
    """Apply a network that the user provides as an ONNX file to the local field.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : OnnxParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Raises
    ------
    QSMError
        If onnxruntime is not installed, the file is no network of this kind, or its output cannot be a map.

    Notes
    -----
    The input has the shape (1, 1, k, j, i) or (1, 1, i, j, k), also without batch or channel, or with the channel last
    if the network says so; a second input is given the mask. The field is zero outside the mask, and scaled: (factor x
    ppm - mean) / SD. The output is scaled back: SD x output + mean. Networks know neither voxel size nor the direction
    of B0: on scans unlike those of their training (as a rule 1 mm isotropic, B0 along the slice axis) their values are
    wrong without a sign of it. Compare with another inversion before you trust one.
    """
    network = _Network(parameters)
    progress(0.1)
    field = (parameters.input_scale * local.ppm - parameters.input_mean) / parameters.input_sd
    field, mask = np.where(local.mask, field, 0), local.mask
    progress(0.2)
    output = network.run(field, mask)
    progress(0.9)
    progress.note(model=network.name, model_sha256=network.digest)
    x = np.where(mask, parameters.output_sd * output + parameters.output_mean, 0).astype(np.float32)
    if not np.isfinite(x).all():
        raise QSMError(
            f"{network.name} returned values inside the mask that are not finite numbers. Check the factors of input "
            "and output, or use another network."
        )
    return x


class _Network:
    """A network in a file, and how images are laid out for it."""

    def __init__(self, parameters):
        if missing():
            raise QSMError(MISSING)
        if not parameters.model.strip():
            raise QSMError("No network is given. Name its file (--model FILE.onnx); none comes with this software.")
        from hashlib import sha256

        path = Path(parameters.model).expanduser()
        self.name, self.order, self.multiple = path.name, ORDERS[parameters.axes], parameters.multiple
        try:
            self.digest = sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise QSMError(f"Cannot read the network {path}: {error.strerror}.") from None
        runtime = importlib.import_module(PACKAGE)
        providers = [name for name in runtime.get_available_providers() if REMOTE not in name]
        self.session = self._tried(lambda: runtime.InferenceSession(str(path), providers=providers), "cannot be loaded")
        self.inputs = self.session.get_inputs()
        if len(self.inputs) > 2 or len(self.session.get_outputs()) != 1:
            raise QSMError(
                f"{self.name} has {len(self.inputs)} inputs and {len(self.session.get_outputs())} outputs. "
                "It must have the field, or field and mask, as inputs, and one map as output. Export another."
            )

    def run(self, *images):
        """What the network makes of the images (k, j, i), of which it may take the first only; float (k, j, i)."""
        shape = [images[0].shape[axis] for axis in self.order]
        padded = self._padded(shape)
        starts = [(p - n) // 2 for p, n in zip(padded, shape, strict=True)]
        box = tuple(slice(s, s + n) for s, n in zip(starts, shape, strict=True))
        fed = {}
        for known, image in zip(self.inputs, images, strict=False):
            room = np.zeros(padded, PRECISIONS.get(known.type, np.float32))
            room[box] = image.transpose(self.order)
            fed[known.name] = room.reshape(_with_channels(known.shape, padded))
        output = self._tried(lambda: self.session.run(None, fed), "failed")[0]
        if _without_ones(np.shape(output)) != _without_ones(padded):
            raise QSMError(
                f"{self.name} returned an array of shape {np.shape(output)} for images of {tuple(padded)} voxels; they "
                "must match. Check the axis order and the multiple, or use a network that yields one map."
            )
        found = np.asarray(output, np.float64).reshape(padded)[box]
        return found.transpose(np.argsort(self.order))

    def _padded(self, shape):
        """The size along each axis: what the network wants, or the next multiple; QSMError if the images are larger."""
        wanted = [n if isinstance(n, int) and n > 0 else None for n in _spatial(self.inputs[0].shape)]
        if any(n and n < size for n, size in zip(wanted, shape, strict=True)):
            raise QSMError(
                f"{self.name} takes {wanted} voxels, but the mask fills {shape}. Check the axis order, or export the "
                "network with free sizes."
            )
        return [n or -(-size // self.multiple) * self.multiple for n, size in zip(wanted, shape, strict=True)]

    def _tried(self, work, what):
        try:
            return work()
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise QSMError(f"The network {self.name} {what}: {reason}") from None


def _without_ones(shape):
    """The shape without axes of one voxel, as batch and channel are."""
    return [n for n in shape if n != 1]


def _spatial(shape):
    """The three spatial sizes of an input of a network; QSMError for one that has others."""
    if not 3 <= len(shape) <= 5:
        raise QSMError(
            f"The network takes images of shape {list(shape)}; it must take 3D images, with batch and channel."
        )
    return list(shape[1:4]) if _is_channel_last(shape) else list(shape[-3:])


def _is_channel_last(shape):
    return len(shape) == 5 and shape[4] == 1 and shape[1] != 1


def _with_channels(shape, padded):
    """The shape of an array of `padded` voxels with the batch and channel axes of an input of `shape`."""
    if _is_channel_last(shape):
        return (1, *padded, 1)
    return (*[1] * (len(shape) - 3), *padded)
