"""Sidecars, settings and options, right and odd."""

from .odd import NUMBERS, odd_json, odd_text, odd_value

SIDECAR = {"ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "Siemens", "EchoNumber": 1}
ODD_KEYS = (
    *(
        "EchoTime",
        "EchoTime",
        "EchoTime",
        "MagneticFieldStrength",
        "MagneticFieldStrength",
        "ImagingFrequency",
        "Units",
    ),
    *(
        "ImageType",
        "EchoNumber",
        "SliceTiming",
        "RepetitionTime",
        "PhaseEncodingDirection",
        "ImageOrientationPatientDICOM",
    ),
    *("EchoTrainLength", "Manufacturer", "PartialFourier", "FilterType", "CoilString", "EchoTime1"),
)
SETTINGS = {  # a stage's methods and parameters that are quick on the tiny scan
    **{
        "scaling": ("rad_per_unit", "sign"),
        "mask": ("method", "threshold", "recipe"),
        "unwrap": ("method", "template"),
    },
    **{"offset": ("method", "readout"), "field": ("method",), "background": ("method", "radius_mm", "threshold")},
    **{"invert": ("method", "threshold", "regularization", "iterations"), "reference": ("method",)},
    **{"passes": ("method", "threshold"), "": ("",), "nonsense": ("method",)},
}
VALUES = (
    *("automatic", "laplacian", "romeo", "sharp", "vsharp", "pdf", "lbv", "resharp", "tkd", "tsvd", "tikhonov", "mean"),
    *("none", "csf", "region", "threshold", "robust", "brain", "bet", "linear_fit", "nonlinear_fit", "phase_snr"),
    *("two_passes", "negative", "auto", "bipolar", "monopolar", "ismv", "sdf", "rts", "tv", "magic"),
)
FAST = ("unwrap.method=laplacian", "background.method=sharp", "background.radius_mm=2", "invert.method=tkd")


def sidecar(case, echo, part):
    """The content of a right sidecar."""
    facts = {"EchoTime": case.scan.times_s[echo], "MagneticFieldStrength": case.scan.tesla}
    return SIDECAR | facts | {"EchoNumber": echo + 1, "ImageType": [*SIDECAR["ImageType"], part]}


def write_sidecars(case, names):
    """Write {name without ending: content}, one of them odd in half of the cases."""
    odd = case.random.choice(list(names)) if case.once(0.6) else None
    for name, content in names.items():
        what, data = _odd(case, content) if name == odd else ("", content)
        if what:
            case.damaged(f"sidecar {name}: {what}")
        if what != "missing":
            case.write(f"{name}.json", data)


def _odd(case, content):
    way = case.random.randrange(4)
    if way == 0:
        return odd_json(content, case.random)
    if way == 1:
        key = case.random.choice(list(content))
        return f"without {key}", {k: v for k, v in content.items() if k != key}
    if way == 2 and case.chance(0.3):
        return "missing", content
    key, value = case.random.choice(ODD_KEYS), odd_value(case.random)
    return f"{key} = {str(value)[:40]!r}", content | {key: value}


def add_settings(case):
    """The fast settings, as --set or in a file, odd in some cases."""
    words = list(FAST)
    if case.once(0.15):
        stage = case.random.choice(list(SETTINGS))
        name = case.random.choice(SETTINGS[stage])
        value = case.random.choice((*VALUES, *VALUES, odd_text(case.random)))
        words = [word for word in words if not word.startswith(f"{stage}.{name}")]
        if name == "method":
            words = [word for word in words if not word.startswith(f"{stage}.")]
        words.append(f"{stage}.{name}={value}")
        case.damaged(words[-1], judged=False)
    if case.chance(0.2):
        content = {}
        for stage, name, value in (_parts(word) for word in words):
            content.setdefault(stage, {})[name] = float(value) if value == "2" else value
        what, data = odd_json(content, case.random) if case.once(0.5) else ("", content)
        if what:
            case.damaged(f"settings: {what}", judged=False)
        case.option("--settings", case.write("settings.json", data))
    else:
        case.option("--set", *words)


def _parts(word):
    name, _, value = word.partition("=")
    stage, _, parameter = name.partition(".")
    return stage, parameter, value


def _dropped(case, at):
    del case.words[at]


def _without_a_value(case, at):
    name, values = case.words[at]
    case.words[at] = (name, values[:-1])


def _twice(case, at):
    case.words.append(case.words[at])


def _odd_option(case, at):
    name, values = case.words[at]
    if values:
        values[case.random.randrange(len(values))] = odd_text(case.random)


def _one_more(case, at):
    case.words[at][1].append(case.random.choice((*case.words[at][1], odd_text(case.random))))


def _reversed(case, at):
    case.words[at][1].reverse()


def _odd_number(case, at):
    numeric = [
        n for n, (name, _) in enumerate(case.words) if name in ("--echo-times", "--field-strength", "--b0-direction")
    ]
    at = case.random.choice(numeric) if numeric else at
    values = case.words[at][1]
    if values:
        values[case.random.randrange(len(values))] = case.random.choice(NUMBERS)


def _other_values(case, at):
    other = case.random.randrange(1, len(case.words))
    (one, values), (two, others) = case.words[at], case.words[other]
    case.words[at], case.words[other] = (one, others), (two, values)


def _unknown_option(case, at):
    case.option(case.random.choice(("--nonsense", "-x", "--out", "--mag", "extra", "--", "--debug=1")))


WAYS = (_dropped, _without_a_value, _twice, _odd_option, _odd_option, _one_more, _reversed, _odd_number, _odd_number)
FREE = (_odd_option, _odd_number, _other_values, _dropped, _unknown_option, _without_a_value, _one_more, _twice)


def damage_options(case):
    """Change the command line; the map may be another one if what was changed is a choice of the user."""
    if len(case.words) < 2:
        return
    way = case.random.choice((*WAYS, _other_values, _unknown_option))
    at = case.random.randrange(1, len(case.words))
    name = case.words[at][0]
    way(case, at)
    is_checked = name in ("--phase", "--magnitude") and way is _reversed
    case.damaged(f"option{way.__name__.replace('_', ' ')}: {name}", judged=is_checked)
