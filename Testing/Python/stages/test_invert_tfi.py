"""TFI: a map of the total field in a single step."""

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.two_balls import contrast, scan

from QSMLogic import FieldMap, Grid, run
from QSMLogic.registry.method import find

GRID = Grid((36, 40, 44))
MASK = ball(GRID, 17)


def mapped(field, **parameters):
    method = find("invert", "tfi")
    return method.run(FieldMap(field, MASK, GRID), parameters=method.make_parameters(parameters))


def test_background_is_explained_by_sources_outside():
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.2)
    background = sphere(GRID, 8, (0, 0, 29), 9.0)[0]
    one, other = (mapped(f) for f in (field, field + background))
    np.testing.assert_allclose(other, one, atol=0.01)
    found = other[distance < 4].mean() - other[MASK & (distance > 6.4)].mean()
    assert found == pytest.approx(0.2, rel=0.12)


def test_chain_in_a_single_step():
    maps = run(*scan(), {"invert": {"method": "tfi"}})
    assert contrast(maps.susceptibility_ppm) == pytest.approx(0.5, rel=0.25)
    assert "background" not in maps.provenance["settings"]
