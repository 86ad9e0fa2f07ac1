"""Every map that a run can yield, declared once; files, BIDS derivatives, scene nodes and tables follow from it."""

from dataclasses import dataclass

from .units import NO_UNIT


@dataclass(frozen=True)
class MapEntry:
    """One map of a run.

    Attributes
    ----------
    name : str
        Of the attribute of `Maps`, with its unit.
    title : str
        As users see it; also its name in a table of regions.
    unit : str
        One of `QSMLogic.model.units.UNITS`.
    quantity : tuple or None
        What the voxels are, as a DICOM code: value, scheme, meaning. None for a mask.
    file : str
        Its name in the folder of a run.
    bids : tuple
        The desc entity ("" for none) and the suffix of its BIDS derivative.
    description : str
        A sentence on what it shows, for sidecars and documents.
    role : str
        The reference by which the node of the susceptibility map knows its node in a scene.
    window : tuple or None
        Lowest and highest level shown; None: from the values.
    optional : bool
        Whether some runs do not yield it.
    in_scene : bool
        Whether a run in Slicer adds it to the scene, a preview not, even if no intermediate maps are wanted.
    measured : int
        Its place after the susceptibility among the maps offered first for a table of regions; 0: none.
    """

    name: str
    title: str
    unit: str
    quantity: tuple | None
    file: str
    bids: tuple
    description: str
    role: str
    window: tuple | None = None
    optional: bool = False
    in_scene: bool = False
    measured: int = 0

    @property
    def is_mask(self):
        return self.quantity is None


FIELD = ("field_shift", "99QSM", "Relative Magnetic Field Shift")  # DICOM has no code for it
SUSCEPTIBILITY, UNCERTAINTY = "susceptibility_ppm", "susceptibility_uncertainty_ppm"

CATALOGUE = {
    entry.name: entry
    for entry in (
        MapEntry(
            "mask",
            title="field mask",
            unit=NO_UNIT,
            quantity=None,
            file="mask.nii.gz",
            bids=("field", "mask"),
            description="Voxels with a valid total field",
            role="QSM.Mask",
        ),
        MapEntry(
            "reliable_mask",
            title="susceptibility mask",
            unit=NO_UNIT,
            quantity=None,
            file="reliable_mask.nii.gz",
            bids=("susceptibility", "mask"),
            description="Voxels with a valid susceptibility",
            role="QSM.ReliableMask",
        ),
        MapEntry(
            "total_field_ppm",
            title="total field",
            unit="ppm",
            quantity=FIELD,
            file="total_field_ppm.nii.gz",
            bids=("total", "fieldmap"),
            description="Total field relative to B0",
            role="QSM.TotalField",
            measured=2,
        ),
        MapEntry(
            "local_field_ppm",
            title="local field",
            unit="ppm",
            quantity=FIELD,
            file="local_field_ppm.nii.gz",
            bids=("local", "fieldmap"),
            description="Field of the sources inside the mask relative to B0",
            role="QSM.LocalField",
            window=(-0.05, 0.05),
            measured=1,
        ),
        MapEntry(
            SUSCEPTIBILITY,
            title="susceptibility",
            unit="ppm",
            quantity=("126396", "DCM", "Magnetic Susceptibility"),
            file="susceptibility_ppm.nii.gz",
            bids=("", "Chimap"),
            description="Magnetic susceptibility",
            role="QSM.Susceptibility",
            window=(-0.1, 0.2),
        ),
        MapEntry(
            UNCERTAINTY,
            title="QSM uncertainty",
            unit="ppm",
            quantity=("susceptibility_uncertainty", "99QSM", "Magnetic Susceptibility Uncertainty"),
            file="susceptibility_uncertainty_ppm.nii.gz",
            bids=("uncertainty", "Chimap"),
            description="Standard deviation of the susceptibility",
            role="QSM.Uncertainty",
            window=(0.0, 0.1),
            optional=True,
            in_scene=True,
        ),
        MapEntry(
            "uncertainty_ppm",
            title="field uncertainty",
            unit="ppm",
            quantity=FIELD,
            file="field_uncertainty_ppm.nii.gz",
            bids=("uncertainty", "fieldmap"),
            description="Standard deviation of the total field",
            role="QSM.FieldUncertainty",
            optional=True,
        ),
        MapEntry(
            "quality",
            title="phase quality",
            unit=NO_UNIT,
            quantity=("phase_quality", "99QSM", "Phase Quality"),
            file="phase_quality.nii.gz",
            bids=("quality", "probseg"),
            description="Quality of the phase, 0 to 1",
            role="QSM.PhaseQuality",
            window=(0.0, 1.0),
            optional=True,
        ),
    )
}
