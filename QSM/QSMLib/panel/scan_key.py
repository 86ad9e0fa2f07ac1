"""Whether the input of the panel has changed since something was made of it."""

from QSMLogic import QSMError

from ..scan.request import check_scan


def scan_key(state, stages):
    """What the scan, its mask and the settings of these stages are now; None if there is no scan."""
    try:
        request = state.request()
        scan = check_scan(request)
    except QSMError:
        return None
    echoes = (*scan.magnitude.echoes, *scan.phase.echoes)
    images = tuple((e.holder.GetID(), e.volume.GetID(), e.volume.GetImageData().GetMTime()) for e in echoes)
    settings = [request.settings.get(stage) for stage in stages]
    return images, scan.facts, _mask_key(request.mask_node), settings


def _mask_key(mask):
    node, segment = mask if isinstance(mask, tuple) else (mask, "")
    if not node:
        return None
    if not node.IsA("vtkMRMLSegmentationNode"):
        return node.GetID(), node.GetImageData().GetMTime()
    segmentation = node.GetSegmentation()
    source, ids = segmentation.GetSourceRepresentationName(), segmentation.GetSegmentIDs()
    shapes = [segmentation.GetSegment(id_).GetRepresentation(source) for id_ in ids if segment in ("", id_)]
    return node.GetID(), tuple(ids), segment, [shape and shape.GetMTime() for shape in shapes]
