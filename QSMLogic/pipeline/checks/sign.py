"""The sign of the phase against that of the field around the head; see shared/phase_sign.py for its certainty."""

from ...model.check import DOUBTFUL, OK, Check
from ...shared.phase_sign import CERTAIN


def check_sign(evidence, sign):
    """The Check of the sign that the phase scaling used. evidence: of a positive sign, from the notes of that stage."""
    agreement = evidence if sign == "positive" else -evidence
    if agreement > -CERTAIN:
        return Check("phase_sign", agreement, -CERTAIN, OK, f"The image fits the {sign} sign of the phase.")
    other = "positive" if sign == "negative" else "negative"
    return Check(
        "phase_sign",
        agreement,
        -CERTAIN,
        DOUBTFUL,
        f"The sign of the phase appears to be {other} (evidence {-agreement:.2f} of at most 1). If veins are dark in "
        f"the map, set the sign of the phase scaling to {other}. A wrong B0 direction has the same effect.",
    )
