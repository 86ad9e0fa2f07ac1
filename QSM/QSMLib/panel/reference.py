"""The region whose mean is zero, if the reference is a given region."""

from .segment_choice import SegmentChoice


class Reference:
    """Shows and edits State.reference and State.reference_segment."""

    def __init__(self, ui, state):
        self.row = ui.referenceRow
        self.choice = SegmentChoice(ui.referenceSelector, ui.referenceSegmentBox, "reference", "reference_segment")

    def update(self, state):
        """Show what the state holds."""
        self.choice.update(state)
        self.row.visible = state.refers_to_region
