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
    images = tuple((e.holder.GetID(), *image_key(e.volume)) for e in echoes)
    settings = [request.settings.get(stage) for stage in stages]
    return images, scan.facts, region_key(request.mask_node), settings


def image_key(volume):
    """A volume and what it holds now; None for None."""
    return volume and (volume.GetID(), volume.GetImageData() and volume.GetImageData().GetMTime())


def region_key(mask):
    """A mask, a node or (a segmentation node, the ID of a segment), and what it holds now; None without a node."""
    node, segment = mask if isinstance(mask, tuple) else (mask, "")
    if not node:
        return None
    if not node.IsA("vtkMRMLSegmentationNode"):
        return image_key(node)
    segmentation = node.GetSegmentation()
    source, ids = segmentation.GetSourceRepresentationName(), segmentation.GetSegmentIDs()
    shapes = [segmentation.GetSegment(id_).GetRepresentation(source) for id_ in ids if segment in ("", id_)]
    return node.GetID(), tuple(ids), segment, [shape and shape.GetMTime() for shape in shapes]
