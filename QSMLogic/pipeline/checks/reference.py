"""The zero of the map: the mean of little fluid is as uncertain as that of any small region."""

from ...model.check import DOUBTFUL, OK, Check

NAME = "reference"


def check_fluid(volume_ml, limit_ml):
    """The Check of how much cerebrospinal fluid the zero rests on."""
    sentence = f"Zero is the mean of {volume_ml:.3g} ml of cerebrospinal fluid."
    if volume_ml >= limit_ml:
        return Check(NAME, volume_ml, limit_ml, OK, sentence)
    remedy = (
        f"That is less than {limit_ml:.3g} ml: the zero may be off. Compare maps relative to the mean of the mask or "
        "to a region that you draw, or raise the maximum R2* of the reference."
    )
    return Check(NAME, volume_ml, limit_ml, DOUBTFUL, f"{sentence} {remedy}")
