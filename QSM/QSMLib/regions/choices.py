"""The choices of the panel's section Regions, stored in the module's parameter node."""

from QSMLogic.model.units import PER_PPM

from ..scan.stored import Stored, flag_property, node_property, text_property

SEGMENTATION, ATLAS = "segmentation", "atlas"
UNITS = tuple(PER_PPM)
NEAREST, HALF_COVERED, WEIGHTED = "nearest", "half", "weights"
EDGES = {NEAREST: "Nearest voxel", HALF_COVERED: "At least half covered", WEIGHTED: "Weighted by covered fraction"}


class RegionChoices(Stored):
    """Which maps are measured in which regions, and how. Maps and table are those of one result, and go with it."""

    regions = node_property("Regions.Source", "A segmentation, a label map or None.")
    template = node_property("Regions.Template", "The image of the atlas, or None.")
    target = node_property("Regions.Target", "The scan's image that the template is registered to, or None.")
    labels = node_property("Regions.Labels", "The labels of the atlas, or None.")
    names = text_property("Regions.Names", "The file with the names of the labels; empty for the label map's own.")
    reference = text_property("Regions.Reference", "The name of the reference region; empty for none.")
    asymmetry = flag_property("Regions.Asymmetry", "Whether left and right are compared.")
    subject = text_property("Regions.Subject", "The subject in the study's table.")
    session = text_property("Regions.Session", "The session in the study's table.")
    time = text_property("Regions.Time", "The time in the study's table, as typed.")
    study = node_property("Regions.Study", "The table node of the study, or None for a new one.")
    replaces = flag_property("Regions.Replaces", "Whether values of the same scan in a study are replaced.")
    mixed = flag_property("Regions.Mixed", "Whether a study may mix settings.")
    separate = flag_property("Lesions.Separate", "Whether connected parts of a region are lesions of their own.")
    points = node_property("Lesions.Points", "The list of points in single sources, or None for a new one.")
    age = text_property("Age.Years", "The age of the subject in years, as typed.")
    first_map = node_property("FollowUp.First", "The map of the earlier scan, or None.")
    first_magnitude = node_property("FollowUp.FirstMagnitude", "Its magnitude; None for that of its scan.")
    second_map = node_property("FollowUp.Second", "The map of the later scan, or None.")
    second_magnitude = node_property("FollowUp.SecondMagnitude", "Its magnitude; None for that of its scan.")

    @property
    def source(self):
        return self._text("Regions.From") or SEGMENTATION

    @source.setter
    def source(self, source):
        self._set_text("Regions.From", source)

    @property
    def unit(self):
        return self._text("Regions.Unit") or UNITS[0]

    @unit.setter
    def unit(self, unit):
        self._set_text("Regions.Unit", unit)

    @property
    def edges(self):
        return self._text("Regions.Edges") or NEAREST

    @edges.setter
    def edges(self, edges):
        self._set_text("Regions.Edges", edges)

    @property
    def erosion_mm(self):
        return float(self._text("Regions.Erosion") or 0)

    @erosion_mm.setter
    def erosion_mm(self, distance):
        self._set_text("Regions.Erosion", f"{distance:g}")

    def maps(self, result):
        """The volumes to measure: those that were chosen for the map `result`, by default itself."""
        chosen = self._references("Regions.Maps") if self._of(result) else []
        return chosen or ([result] if result else [])

    def choose_maps(self, volumes, result):
        """Measure these volumes while `result` is the map that is shown."""
        self._belong_to(result)
        self._set_references("Regions.Maps", volumes)

    def table(self, result):
        """The table node that takes the values of the map `result`; None for a new one."""
        return self._reference("Regions.Table") if self._of(result) else None

    def choose_table(self, table, result):
        """Put the values into this table node while `result` is the map that is shown."""
        self._belong_to(result)
        self._set_reference("Regions.Table", table)

    def _of(self, result):
        return self._reference("Regions.Result") is result

    def _belong_to(self, result):
        if not self._of(result):
            self._set_reference("Regions.Result", result)
            self._set_references("Regions.Maps", [])
            self._set_reference("Regions.Table", None)
