"""The state of the panel in the module's parameter node, so that it is saved with the scene."""

import json

import slicer

from QSMLogic import QSMError, Settings
from QSMLogic.model.given_maps import GIVEN_MAPS

from ..scan.outputs import VERSION
from ..scan.request import Request
from ..scan.sequences import proxy_of
from ..scan.stored import Stored, flag_property, node_property, text_property
from .device import device_choice

MILLISECONDS = 1e-3


def _numbers(text):
    """The numbers in a text, separated by spaces, commas or semicolons; None if it has anything else."""
    try:
        return [float(part) for part in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        return None


class State(Stored):
    """Reads and writes a vtkMRMLScriptedModuleNode. Nodes are references, all else is text.

    Rows of the scan: a magnitude node, a phase node and the echo time in ms as typed ("" to use that of the images).
    A single row may hold sequences or 4D volumes, with the times of all echoes.
    """

    field_strength = text_property("FieldStrength", "In tesla, as typed; empty to use the value from the images.")
    b0_direction = text_property(
        "B0Direction", "Along the image axes i, j, k, as typed; empty to use the image orientation."
    )
    segment = text_property("MaskSegment", "ID of the segment that is the mask; empty for all segments.")
    mask = node_property("Mask", "Segmentation, label map or None for an automatic mask.")
    mask_preview = node_property(
        "MaskPreview", "The segmentation that takes the preview of an automatic mask, or None."
    )
    reference = node_property("Reference", "Segmentation or label map of the reference region.")
    reference_segment = text_property("ReferenceSegment", "ID of the reference segment; empty for all.")
    output = node_property("Output", "The volume that takes the susceptibility map, or None for a new one.")
    preview = node_property("Preview", "The volume of the last preview, or None.")
    result = node_property("Result", "The last map that was computed or shown, or None.")
    intermediate = flag_property("Intermediate", "Whether to add the fields and masks to the scene.")
    curve = flag_property("StrengthCurve", "Whether a run plots the L-curve of the inversion.")

    def __init__(self, node):
        super().__init__(node)
        # While a node leaves the scene, selectors that showed it go on to a neighbor, which nobody has chosen
        self.settling = False

    @property
    def rows(self):
        """A list of (magnitude node or None, phase node or None, typed echo times)."""
        return [
            (self._reference(f"Magnitude.{n}"), self._reference(f"Phase.{n}"), self._text(f"EchoTime.{n}"))
            for n in range(self._count)
        ]

    @rows.setter
    def rows(self, rows):
        before = self.rows[0][0]
        with slicer.util.NodeModify(self.node):
            for n in range(len(rows), self._count):
                self._set_row(n, None, None, "")
            for n, row in enumerate(rows):
                self._set_row(n, *row)
            self._set_text("Rows", str(len(rows)))
            if before is not rows[0][0]:
                self._forget_maps()

    def _forget_maps(self):
        """Another scan: its maps must not take the place of those of the scan before."""
        self.output = None if self.output and self.output.GetAttribute(VERSION) else self.output
        self.preview = None

    def choose_scan(self, rows):
        """Choose the images of a scan; what was typed and drawn for another one is forgotten."""
        with slicer.util.NodeModify(self.node):
            if [row[:2] for row in rows] != [row[:2] for row in self.rows]:
                self.field_strength = self.b0_direction = self.segment = self.reference_segment = ""
                self.mask = self.reference = None
            self.rows = [(magnitude, phase, "") for magnitude, phase, *_typed in rows]

    @property
    def magnitude_volume(self):
        """A volume that shows the scan's magnitude, or None."""
        for magnitude, _phase, _time in self.rows:
            if magnitude:
                return magnitude if magnitude.IsA("vtkMRMLVolumeNode") else proxy_of(magnitude)
        return None

    @property
    def _count(self):
        return int(self._text("Rows") or 1)

    def _set_row(self, n, magnitude, phase, time):
        self._set_reference(f"Magnitude.{n}", magnitude)
        self._set_reference(f"Phase.{n}", phase)
        self._set_text(f"EchoTime.{n}", time)

    @property
    def choices(self):
        """What differs from the defaults, as for Settings; what this version does not know is left out."""
        try:
            choices = json.loads(self._text("Settings") or "{}")
            return {stage: choice for stage, choice in choices.items() if _is_known(stage, choice)}
        except (ValueError, AttributeError):
            return {}

    @choices.setter
    def choices(self, choices):
        self._set_text("Settings", json.dumps(choices))

    def given_map(self, name):
        """The volume of one of GIVEN_MAPS, or None."""
        return self._reference(f"GivenMap.{name}")

    def give_map(self, name, node):
        """Choose the volume of one of GIVEN_MAPS; None for none."""
        self._set_reference(f"GivenMap.{name}", node)

    def request(self):
        """The Request that the panel stands for; QSMError that says what is missing."""
        rows = self.rows
        if not any(magnitude or phase for magnitude, phase, _ in rows):
            raise QSMError("Choose the magnitude and phase images of a scan.")
        for n, (magnitude, phase, _) in enumerate(rows, 1):
            for kind, node in (("magnitude", magnitude), ("phase", phase)):
                if not node:
                    where = f" in row {n}" if len(rows) > 1 else ""
                    raise QSMError(f"Choose the {kind} image{where}.")
        magnitude, phase, times = zip(*rows, strict=True)
        return Request(
            magnitude_nodes=magnitude[0] if len(rows) == 1 else list(magnitude),
            phase_nodes=phase[0] if len(rows) == 1 else list(phase),
            echo_times_s=self._echo_times_s(times),
            field_strength_t=self._number("FieldStrength", "field strength in tesla, such as 3"),
            b0_direction_ijk=self._direction(),
            mask_node=_region(self.mask, self.segment),
            output_volume=self.output,
            settings=self.choices | device_choice(),
            intermediate=self.intermediate,
            reference_node=self._reference_region(),
            curve=self.curve,
            given_maps={name: node for name in GIVEN_MAPS if (node := self.given_map(name))},
        )

    @property
    def refers_to_region(self):
        """Whether the map is to be zero in a region of the user's."""
        return self.choices.get("reference", {}).get("method") == "region"

    def _reference_region(self):
        if not self.refers_to_region:
            return None
        if not self.reference:
            raise QSMError("Choose the reference region, a segment or label map, or another reference.")
        return _region(self.reference, self.reference_segment)

    def _echo_times_s(self, typed):
        """All times in seconds; None if none was typed."""
        if not any(text.strip() for text in typed):
            return None
        for n, text in enumerate(typed, 1):
            if len(typed) > 1 and text.strip() and len(_numbers(text) or ()) != 1:
                raise QSMError(f"The echo time in row {n} must be one number in ms, such as 4.5, not {text!r}.")
        if not all(text.strip() for text in typed):
            raise QSMError("Give the echo times of all rows, or of none to use those from the images.")
        times = _numbers(" ".join(typed))
        if times is None:
            raise QSMError(f"Echo times must be numbers in ms, such as 4.5, not {', '.join(typed)}.")
        return tuple(time * MILLISECONDS for time in times)

    def _number(self, name, what):
        numbers = _numbers(self._text(name))
        if numbers is None or len(numbers) > 1:
            raise QSMError(f"Give the {what}, not {self._text(name)!r}.")
        return numbers[0] if numbers else None

    def _direction(self):
        numbers = _numbers(self.b0_direction)
        if numbers is None or len(numbers) not in (0, 3):
            raise QSMError(f"The B0 direction must be three numbers, such as 0 0 1, not {self.b0_direction!r}.")
        return tuple(numbers) or None


def _region(node, segment):
    """A segmentation, one of its segments or a label map, as Request takes it."""
    return (node, segment) if node and node.IsA("vtkMRMLSegmentationNode") and segment else node


def _is_known(stage, choice):
    """Whether this version has the stage, the method and the parameters of a choice."""
    try:
        Settings({stage: choice})
    except QSMError:
        return False
    return True
