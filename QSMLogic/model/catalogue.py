"""Every map that a run can yield, declared once; files, BIDS derivatives, scene nodes and tables follow from it."""

from dataclasses import dataclass

from .units import ARBITRARY, NO_UNIT


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
    inverted : bool
        Whether its low values are shown bright, as of a map whose values are not positive.
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
    inverted: bool = False
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
        MapEntry(
            "r2star_hz",
            title="R2*",
            unit="1/s",
            quantity=("126395", "DCM", "R2*"),
            file="r2star_hz.nii.gz",
            bids=("", "R2starmap"),
            description="Effective transverse relaxation rate R2*",
            role="QSM.R2star",
            window=(0.0, 60.0),
            optional=True,
            in_scene=True,
            measured=3,
        ),
        MapEntry(
            "t2star_s",
            title="T2*",
            unit="s",
            quantity=("113064", "DCM", "T2*"),
            file="t2star_s.nii.gz",
            bids=("", "T2starmap"),
            description="Effective transverse relaxation time T2*, at most 1 s",
            role="QSM.T2star",
            window=(0.0, 0.1),
            optional=True,
            in_scene=True,
        ),
        MapEntry(
            "s0",
            title="S0",
            unit=ARBITRARY,
            quantity=("s0", "99QSM", "Signal at Echo Time Zero"),
            file="s0.nii.gz",
            bids=("", "S0map"),
            description="Magnitude at echo time zero",
            role="QSM.S0",
            optional=True,
        ),
        MapEntry(
            "r2star_uncertainty_hz",
            title="R2* uncertainty",
            unit="1/s",
            quantity=("r2star_uncertainty", "99QSM", "R2* Uncertainty"),
            file="r2star_uncertainty_hz.nii.gz",
            bids=("uncertainty", "R2starmap"),
            description="Standard deviation of R2*",
            role="QSM.R2starUncertainty",
            optional=True,
        ),
        MapEntry(
            "swi",
            title="SWI",
            unit=ARBITRARY,
            quantity=("swi", "99QSM", "Susceptibility-Weighted Image"),
            file="swi.nii.gz",
            bids=("", "swi"),
            description="Susceptibility-weighted image",
            role="QSM.SWI",
            optional=True,
            in_scene=True,
        ),
        MapEntry(
            "swi_projection",
            title="SWI minIP",
            unit=ARBITRARY,
            quantity=("swi_projection", "99QSM", "Minimum Intensity Projection of SWI"),
            file="swi_minip.nii.gz",
            bids=("", "minIP"),
            description="Minimum intensity projection of the susceptibility-weighted image over a slab",
            role="QSM.SWIProjection",
            optional=True,
            in_scene=True,
        ),
        MapEntry(
            "paramagnetic_ppm",
            title="paramagnetic",
            unit="ppm",
            quantity=("paramagnetic_susceptibility", "99QSM", "Paramagnetic Susceptibility"),
            file="paramagnetic_ppm.nii.gz",
            bids=("paramagnetic", "Chimap"),
            description="Susceptibility of the paramagnetic sources, such as iron; not negative",
            role="QSM.Paramagnetic",
            window=(0.0, 0.15),
            optional=True,
            in_scene=True,
            measured=4,
        ),
        MapEntry(
            "diamagnetic_ppm",
            title="diamagnetic",
            unit="ppm",
            quantity=("diamagnetic_susceptibility", "99QSM", "Diamagnetic Susceptibility"),
            file="diamagnetic_ppm.nii.gz",
            bids=("diamagnetic", "Chimap"),
            description="Susceptibility of the diamagnetic sources, such as myelin and calcium; not positive",
            role="QSM.Diamagnetic",
            window=(-0.15, 0.0),
            inverted=True,
            optional=True,
            in_scene=True,
            measured=5,
        ),
    )
}
