"""Slicer's description of a layout."""

_VIEW_GROUP = 47  # Slicer links the views of a group


def description(labels):
    """The description of axial slice views beside each other. labels: {name of a view: its label}."""
    properties = {"orientation": "Axial", "viewcolor": "#8C8C8C", "viewgroup": _VIEW_GROUP}
    views = ""
    for name, label in labels.items():
        texts = (properties | {"viewlabel": label}).items()
        lines = "".join(f'<property name="{key}" action="default">{text}</property>' for key, text in texts)
        views += f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">{lines}</view></item>'
    return f'<layout type="horizontal" split="true">{views}</layout>'
