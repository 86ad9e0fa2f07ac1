"""A template and its labels in the scene become regions of the subject."""

import json

import numpy as np
import pytest
import slicer
from helpers.nodes import label_map, linear_transform, segmentation, volume

from QSMLogic import QSMError

SHAPE = (20, 24, 28)
MATRIX = np.diag((-3.0, -3.0, 3.0, 1.0))


def organ(shift=0.0):
    """A body and the organ in it, moved along the second axis by voxels: image and label (4)."""
    k, j, i = np.ogrid[tuple(slice(-(n - 1) / 2, n / 2) for n in SHAPE)]
    labels = ((k / 5) ** 2 + ((j - shift) / 6) ** 2 + (i / 4) ** 2 < 1).astype(np.uint8) * 4
    image = ((k / 8) ** 2 + ((j - shift) / 9) ** 2 + (i / 11) ** 2 < 1) * 0.5 + 0.5 * (labels > 0)
    return (image * (1 + 0.2 * np.cos(k / 2) * np.cos((j - shift) / 3) * np.cos(i / 4))).astype(np.float32), labels


def add(image, name):
    return slicer.util.addVolumeFromArray(image, MATRIX, name)


@pytest.fixture
def atlas(scene):
    from QSMLib.regions import atlas

    return atlas


@pytest.fixture
def nodes(atlas):
    """Subject, template and the label map of the template."""
    (image, labels), (moved, _) = organ(), organ(2)
    return add(moved, "subject"), add(image, "template"), label_map(labels, "labels", MATRIX)


def segment(node, name, reference):
    id_ = node.GetSegmentation().GetSegmentIdBySegmentName(name)
    return slicer.util.arrayFromSegmentBinaryLabelmap(node, id_, reference) > 0


def overlap(found, truth):
    return 2 * np.sum(found & truth) / (found.sum() + truth.sum())


def test_labels_become_segments_of_the_subject(atlas, nodes):
    subject, template, labels = nodes
    count = len(slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode"))
    node = atlas.register(atlas.AtlasRequest(subject, template, labels, names={4: "Organ"}))
    assert overlap(segment(node, "Organ", subject), organ(2)[1] > 0) > 0.9
    assert node.GetName() == "subject regions"
    record = json.loads(node.GetAttribute("QSM.Atlas"))
    assert record["template"] == "template"
    assert record["similarity"]["warped"] > record["similarity"]["before"]
    assert len(slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")) == count
    again = atlas.register(atlas.AtlasRequest(subject, template, labels, output=node))
    assert again is node
    assert [node.GetSegmentation().GetNthSegment(0).GetName()] == ["Label 4"]
    assert node.GetSegmentation().GetNumberOfSegments() == 1


def test_template_with_a_segmentation_and_a_subject_under_a_transform(atlas, nodes):
    subject, template, _ = nodes
    transform = linear_transform(15, shift_mm=(60, -30, 10))
    subject.SetAndObserveTransformNodeID(transform.GetID())
    regions = segmentation({"Organ": organ()[1] > 0}, template)
    node = atlas.register(atlas.AtlasRequest(subject, template, regions))
    assert node.GetParentTransformNode() is transform
    assert overlap(segment(node, "Organ", subject), organ(2)[1] > 0) > 0.85


BAD = {
    "no subject": (lambda a, s, t, m: a(None, t, m), "image of the subject"),
    "label map as template": (lambda a, s, t, m: a(s, m, m), "image of the template"),
    "the same twice": (lambda a, s, t, m: a(s, s, m), "both subject and template"),
    "no labels": (lambda a, s, t, m: a(s, t, None), "Choose the labels"),
    "labels on another grid": (lambda a, s, t, m: a(s, t, label_map(np.ones((2, 3, 4)))), "voxels"),
    "volume as output": (lambda a, s, t, m: a(s, t, m, output=volume()), "not a segmentation"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_are_refused(atlas, nodes, case):
    make, reason = BAD[case]
    request = make(atlas.AtlasRequest, *nodes)
    for refuse in (atlas.check_request, atlas.register):
        with pytest.raises(QSMError, match=reason):
            refuse(request)
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_failed_registration_leaves_the_scene_alone(atlas, nodes):
    subject, template, labels = nodes
    slicer.util.arrayFromVolume(subject)[:] = 0
    with pytest.raises(QSMError, match="subject's image is empty"):
        atlas.register(atlas.AtlasRequest(subject, template, labels))
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
