"""Every stage of a run, declared once; commands, progress, panel, provenance and methods text follow from it.

To add a stage, add an entry here and a folder of its name with its methods in QSMLogic/stages; if it yields a map, add
an entry to QSMLogic/model/catalogue.py.
"""

from dataclasses import dataclass

from ..model.given_maps import GIVEN_MAPS


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    Attributes
    ----------
    name : str
        In settings and provenance; also the name of its folder and, if `has_command`, of its command.
    title : str
        As users see it.
    signature : str
        What a method is called with before `parameters` and `progress`, and what it returns.
    default : str
        Name of the method that runs unless the settings choose another.
    sentence : str
        Of the methods text; the braces stand for the method and for its references and parameters.
    share : float
        Of the time of a run, for the progress bar.
    has_command : bool
        Whether the stage is a command of its own; it then has an entry in COMMANDS (cli/stage_commands.py) and in
        STAGE_OPTIONS (cli/options.py).
    in_passes : bool
        Whether it runs in every pass.
    is_quick : bool
        Whether it takes less time than reading its result from a file, so that no cache keeps it.
    in_box : bool
        Whether its methods are given the part of their FieldMap that holds the mask only.
    yields : tuple
        Of a stage that adds maps of its own to the run: the catalogue's names of its maps, which are optional there.
        The arguments of its methods are called as what they take: names of KNOWN, or maps of earlier stages, which are
        None if they could not be made. A method returns {name: array (k, j, i)} of the maps that it makes, or the
        array of the first of them. Such stages run after all others, and are the last in the table. The registry gives
        them a method "none".
    usual : str
        Of a stage that adds maps and does not by default: the method that runs if the maps are wanted.
    caution : str
        Of a stage whose maps rest on assumptions: a sentence that says which, for wherever they are offered or shown.
    """

    name: str
    title: str
    signature: str
    default: str
    sentence: str
    share: float
    has_command: bool = False
    in_passes: bool = False
    is_quick: bool = False
    in_box: bool = False
    yields: tuple = ()
    usual: str = ""
    caution: str = ""

    @property
    def method_for_maps(self):
        """The method that makes the maps of the stage, unless the settings choose another."""
        return self.usual or self.default

    def by_name(self, result):
        """{name: map} of what a method of a stage with maps of its own has returned."""
        return result if isinstance(result, dict) else {self.yields[0]: result}


NOTHING = "none"  # the method of a stage with maps of its own that makes none
# What the methods of a stage with maps of its own may take besides maps of earlier stages; arrays lie in the mask's box
KNOWN = {
    "scan": "Acquisition with phase in radians, without offsets",
    "field_strength_t": "float, tesla",
    "mask": "bool (k, j, i)",
    "unwrapped_rad": "float32 (echo, k, j, i)",
    "total": "FieldMap of the total field",
    "local": "FieldMap of the local field",
    "susceptibility_ppm": "float32 (k, j, i), referenced",
    "reliable_mask": "bool (k, j, i), where the susceptibility is valid",
    "single_step": "bool, whether the inversion took the total field",
    **{name: f"float32 (k, j, i) or None: {given.meaning}" for name, given in GIVEN_MAPS.items()},
}

STAGES = {
    stage.name: stage
    for stage in (  # in the order in which they run
        Stage(
            "scaling",
            "Phase scaling",
            "Acquisition with stored phase -> Acquisition with phase in radians",
            "automatic",
            "The stored phase was converted to radians by {} scaling{}.",
            0.02,
            is_quick=True,
        ),
        Stage(
            "mask",
            "Automatic mask",
            "Acquisition -> mask",
            "brain",
            "A mask was made by {}{}.",
            0.20,
            has_command=True,
        ),
        Stage(
            "offset",
            "Phase offset",
            "Acquisition, mask -> Acquisition with phase proportional to echo time",
            "mcpc3ds",
            "Phase offsets were removed by {}{}.",
            0.10,
        ),
        Stage(
            "unwrap",
            "Unwrapping",
            "Acquisition, mask -> unwrapped phase in radians",
            "romeo",
            "Phase was unwrapped by {}{}.",
            0.20,
            has_command=True,
        ),
        Stage(
            "field",
            "Field map",
            "Acquisition, unwrapped phase, mask -> FieldMap of the total field",
            "phase_snr",
            "The echoes were combined into a total field map by {}{}.",
            0.05,
            has_command=True,
        ),
        Stage(
            "passes",
            "Passes",
            "FieldMap of the total field -> list of FieldMaps to map one after the other",
            "one_pass",
            "The field was mapped in {}{}.",
            0.005,
            is_quick=True,
        ),
        Stage(
            "background",
            "Background field",
            "FieldMap of the total field -> FieldMap of the local field",
            "vsharp",
            "Background fields were removed by {}{}.",
            0.15,
            has_command=True,
            in_passes=True,
        ),
        Stage(
            "invert",
            "Dipole inversion",
            "FieldMap of the local field -> susceptibility in ppm",
            "automatic",
            "Susceptibility was computed by {}{}.",
            0.27,
            has_command=True,
            in_passes=True,
            in_box=True,
        ),
        Stage(
            "reference",
            "Reference",
            "UnreferencedMap -> susceptibility in ppm",
            "mean",
            "Reference for zero susceptibility: {}{}.",
            0.005,
            is_quick=True,
        ),
        Stage(
            "uncertainty",
            "Uncertainty",
            "FieldMaps of total and local field, susceptibility in ppm, single_step -> uncertainty in ppm or None",
            "error_sources",
            "The uncertainty of susceptibility was estimated by {}{}.",
            0.04,
            yields=("susceptibility_uncertainty_ppm",),
        ),
        Stage(
            "relaxometry",
            "R2* and T2*",
            "Acquisition, mask, FieldMap of the total field -> R2*, T2*, signal at echo time zero, uncertainty of R2*",
            NOTHING,
            "R2* was mapped by {}{}.",
            0.05,
            has_command=True,
            yields=("r2star_hz", "t2star_s", "s0", "r2star_uncertainty_hz"),
            usual="nonlinear",
        ),
        Stage(
            "swi",
            "SWI",
            "Acquisition, mask, and FieldMap of the local field or susceptibility in ppm -> SWI and its projection",
            NOTHING,
            "Susceptibility-weighted images were made by {}{}.",
            0.03,
            has_command=True,
            yields=("swi", "swi_projection"),
            usual="clear_swi",
        ),
        Stage(
            "separation",
            "Source separation",
            "Acquisition, FieldMap of the local field, susceptibility in ppm, R2*, R2 and R2' in 1/s or None -> "
            "paramagnetic and diamagnetic susceptibility in ppm",
            NOTHING,
            "Paramagnetic and diamagnetic sources were separated by {}{}.",
            0.01,
            has_command=True,
            yields=("paramagnetic_ppm", "diamagnetic_ppm"),
            usual="r2star_qsm",
            caution="Source separation assumes that relaxation rises with the susceptibility of either sign by one "
            "constant in all tissue, whatever the size of the sources and the direction of the fibers, and that the "
            "reference of the map is free of sources.",
        ),
    )
}
LIVE = ("passes", "background", "invert", "reference")  # those that a live map runs again; the ones before run once
CURVE = "curve"  # the step of a run after all stages, if its L-curve is wanted
CHECKS = "checks"  # the step of a run that looks at the scan, once its phase is in radians, and at the map
CHOICE = "The choice of the inversion"  # what precedes an automatic one, in sentences
OTHER_STEPS = {CURVE: "L-curve", CHECKS: "Checks"}


def step_title(step):
    """What users read for a step of a run, a stage or not; other steps, as of a simulation, are in words already."""
    return STAGES[step].title if step in STAGES else OTHER_STEPS.get(step, step)


def stages_with_maps():
    """The stages that add maps of their own to a run, which may be left out."""
    return [stage for stage in STAGES.values() if stage.yields]


def progress_before(name, turn=0, turns=1, left_out=()):
    """The fraction of a run that is over when a stage begins, and the fraction that it takes.

    Parameters
    ----------
    name : str
        Of the stage.
    turn, turns : int
        Which pass, of how many; the passes share the time of the stages that run in each of them.
    left_out : collection of str
        Stages that do not run.
    """
    running = [stage for stage in STAGES.values() if stage.name not in left_out]
    whole = sum(stage.share for stage in running)
    repeated = [stage.share for stage in running if stage.in_passes]
    before = 0.0
    for stage in running:
        if stage.name == name:
            break
        before += stage.share / turns if STAGES[name].in_passes and stage.in_passes else stage.share
    if STAGES[name].in_passes:
        before += turn / turns * sum(repeated)
        return before / whole, STAGES[name].share / turns / whole
    return before / whole, STAGES[name].share / whole
