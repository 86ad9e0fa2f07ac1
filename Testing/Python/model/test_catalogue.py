"""Every map of the catalogue: its names, unit and quantity, and that files and BIDS tell maps apart."""

import re
from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import Grid, Maps
from QSMLogic.files.map_files import RECORD, map_contents, output_paths
from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY
from QSMLogic.model.units import ARBITRARY, NO_UNIT, UNITS

SHAPE = (4, 5, 6)
ENTRIES = pytest.mark.parametrize("entry", CATALOGUE.values(), ids=list(CATALOGUE))


@pytest.fixture
def maps():
    """Maps of all kinds, each with a value of its own."""
    arrays = {
        name: np.full(SHAPE, True) if entry.is_mask else np.full(SHAPE, n, np.float32)
        for n, (name, entry) in enumerate(CATALOGUE.items())
    }
    return Maps(grid=Grid(SHAPE), provenance={"scan": {}}, **arrays)


@ENTRIES
def test_entry_is_complete(entry):
    assert entry.title and entry.description and entry.file.endswith(".nii.gz")
    assert re.fullmatch(r"[a-z]*", entry.bids[0]) and re.fullmatch(r"[A-Za-z0-9]+", entry.bids[1])
    assert entry.unit in UNITS
    assert entry.role.startswith("QSM.")
    if entry.is_mask:
        assert entry.unit == NO_UNIT and entry.window is None
    else:
        assert len(entry.quantity) == 3 and all(entry.quantity)


@ENTRIES
def test_a_unit_in_the_name_is_the_unit(entry):
    suffix = re.search(r"_(ppm|ppb|hz|s|rad)$", entry.name)
    spelled = {"1/s": "hz"}.get(entry.unit, entry.unit.lower())
    assert suffix is None if entry.unit in (NO_UNIT, ARBITRARY) else suffix[1] == spelled


@pytest.mark.parametrize("fact", ["title", "file", "role", "bids"])
def test_no_two_maps_share(fact):
    values = [getattr(entry, fact) for entry in CATALOGUE.values()]
    assert len(set(values)) == len(values)


def test_susceptibility_is_in_every_run():
    assert not CATALOGUE[SUSCEPTIBILITY].optional


def test_maps_yield_every_map_in_order(maps):
    assert [entry.name for entry, _array in maps.items()] == list(CATALOGUE)
    assert [array.max() for _entry, array in maps.items()] == [
        1 if entry.is_mask else n for n, entry in enumerate(CATALOGUE.values())
    ]


def test_optional_maps_may_be_missing(maps):
    optional = {name: None for name, entry in CATALOGUE.items() if entry.optional}
    assert [entry.name for entry, _ in replace(maps, **optional).items()] == [n for n in CATALOGUE if n not in optional]


def test_a_required_map_must_be_given(maps):
    given = {entry.name: array for entry, array in maps.items() if entry.name != SUSCEPTIBILITY}
    with pytest.raises(TypeError, match=SUSCEPTIBILITY):
        Maps(grid=maps.grid, provenance={}, **given)


def test_files_hold_every_map(maps, tmp_path):
    contents = map_contents(maps, tmp_path)
    assert {*contents, tmp_path / RECORD} == set(output_paths(tmp_path))
    for entry, array in maps.items():
        assert contents[tmp_path / entry.file] is array
