"""Every value of the quality is declared fully."""

import pytest

from QSMLogic.cohort.quality.columns import BOTH, HIGH, LOW, NEITHER, QUALITY_COLUMNS

UNITS = {"ppm": "ppm", "percent": "%", "rad": "rad", "ml": "ml", "mb": "MB", "t": "T", "degrees": "degrees"}


@pytest.mark.parametrize("column", QUALITY_COLUMNS, ids=lambda column: column.key)
def test_a_column_is_declared_fully(column):
    assert column.title and column.meaning
    assert column.suspicious in (HIGH, LOW, BOTH, NEITHER)
    assert (
        column.unit == UNITS.get(column.key.rpartition("_")[2], "s" if column.key == "seconds" else "")
        or column.is_text
    )
    assert column.is_text or column.text(1)
    assert column.text(None) == "–"


def test_keys_and_titles_differ():
    for name in ("key", "title"):
        values = [getattr(column, name) for column in QUALITY_COLUMNS]
        assert len(set(values)) == len(values)
