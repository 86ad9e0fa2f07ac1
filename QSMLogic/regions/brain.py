"""The whole brain as a region by itself, to which any other reference is compared.

Susceptibility should be reported relative to a reference that is named, with the whole brain among the regions (Bilgic
et al., Magn Reson Med 2024;91:1834-1862, doi:10.1002/mrm.30006).
"""

from .region import Region

BRAIN = "Whole brain"


def brain_region(mask):
    """The Region of the mask of reliable voxels, bool (k, j, i)."""
    return Region(BRAIN, mask)


def brain_rows(rows):
    """Those of the rows that belong to the whole brain."""
    return [row for row in rows if row["segment"] == BRAIN]


def without_brain(rows):
    """The rows of regions in the brain; all rows if there are no others."""
    return [row for row in rows if row["segment"] != BRAIN] or list(rows)


def reference_in_brain(table):
    """Where the reference of a table lies relative to the whole brain.

    Parameters
    ----------
    table : RegionTable
        Made relative to a region.

    Returns
    -------
    list of dict
        For each map that is relative to it: map, unit, reference, and its mean and sd relative to the mean of the whole
        brain. Empty without a reference, if it is the whole brain, and if the brain was not measured.
    """
    if table.settings.get("reference") in (None, "", BRAIN) or not all("segment" in row for row in table.rows):
        return []
    found = []
    for brain in brain_rows(table.rows):
        if brain["relative_to"] and brain["mean"] is not None:
            reference = table.of(brain["relative_to"], brain["map"])
            values = {"mean": reference["mean"] - brain["mean"], "sd": reference["sd"]}
            found.append({"map": brain["map"], "unit": brain["unit"], "reference": brain["relative_to"]} | values)
    return found


def reference_sentences(table):
    """`reference_in_brain` in words, a sentence for each map."""
    return [_sentence(**found) for found in reference_in_brain(table)]


def _sentence(map, unit, reference, mean, sd):
    spread = "" if sd is None else f" and a standard deviation of {sd:.4g} {unit}"
    return f"In the {map}, {reference} has a mean of {mean:.4g} {unit}{spread} relative to the whole brain."
