"""The results of stages as JSON and arrays: what comes back is the same to the bit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball

from QSMLogic import Acquisition, FieldMap, Grid
from QSMLogic.model.check import DOUBTFUL, Check
from QSMLogic.pipeline.stored_result import packed, plain, rebuilt, unpacked

GRID = Grid((6, 7, 8), (1.5, 1.0, 0.9), (0.9, 0.3, -0.3))
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.standard_normal((4, *GRID.shape)).astype(np.float32)
MASK = ball(GRID, 3)
SCAN = Acquisition(np.abs(VALUES), VALUES, (0.004, 0.01, 0.02, 0.03), 3.0, GRID, (), {"Manufacturer": "any"})
FIELD = FieldMap(VALUES[0], MASK, GRID, np.abs(VALUES[1]), np.abs(VALUES[2]), ball(GRID, 2))


def there_and_back(value, inputs=()):
    arrays = []
    text = json.dumps(plain(value, arrays, inputs))
    kept = {name: part.copy() for name, part in packed(arrays).items()}
    return rebuilt(json.loads(text), lambda part: unpacked(kept, part), inputs)


def assert_same_array(found, array):
    assert found.dtype == array.dtype and found.shape == array.shape and found.tobytes() == array.tobytes()
    assert found.flags.writeable and not np.shares_memory(found, array)


@pytest.mark.parametrize(
    "array",
    [
        VALUES,
        np.where(MASK, VALUES[0], np.float32(0)),
        np.zeros((3, 4), np.float32),
        np.array([0.0, -0.0, np.nan, np.inf, 1e-45, 0, 0], np.float32),
        MASK,
        np.zeros(13, bool),
        MASK.astype(np.uint8),
        np.where(MASK, VALUES[0] + 1j * VALUES[1], 0).astype(np.complex64),
        VALUES.astype(np.complex128),
        VALUES.astype(">f4"),
        np.zeros((0, 3), np.float64),
        np.array(2.5),
        VALUES.transpose(1, 2, 3, 0),
        np.asfortranarray(VALUES[0]),
        VALUES[:, :-1, 1:, ::2],
        np.broadcast_to(VALUES[0, 0], (5, 7, 8)),
        VALUES[:, ::-1],
        MASK.T,
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays(array):
    assert_same_array(there_and_back(array), array)


@pytest.mark.parametrize("array", [VALUES.transpose(1, 2, 3, 0), np.asfortranarray(VALUES[0]), VALUES[:, :-1, 1:, ::2]])
def test_the_layout_in_memory_is_kept(array):
    assert there_and_back(array).strides == array.strides


def test_zeros_take_no_room():
    where = np.zeros((20, 20, 20), np.float32)
    where[:2] = 1
    assert sum(part.nbytes for part in packed([where]).values()) == where.size // 8 + 4 * where.size // 10


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, True, None, "text"], "b": {"curve": [0.1 + 0.2, 1e-300]}, "c": (1, (2,)), 3: "number"},
        {},
        [],
        float("inf"),
        "characters \N{GREEK SMALL LETTER CHI}",
    ],
)
def test_plain_values(value):
    found = there_and_back(value)
    assert found == value and repr(found) == repr(value)


def test_maps_by_name():
    found = there_and_back({"one": VALUES[0], "two": MASK, "none": None})
    assert list(found) == ["one", "two", "none"] and found["none"] is None
    assert_same_array(found["one"], VALUES[0])


def assert_same_object(found, value):
    assert type(found) is type(value)
    for name, part in vars(value).items():
        twin = getattr(found, name)
        if isinstance(part, np.ndarray):
            assert twin.dtype == part.dtype and twin.tobytes() == part.tobytes(), name
        else:
            assert twin == part, name


@pytest.mark.parametrize("value", [FIELD, FieldMap(VALUES[0], MASK, GRID), GRID, SCAN, [FIELD, FIELD]])
@pytest.mark.parametrize("inputs", [(), (SCAN, FIELD), (FieldMap(VALUES[1], ball(GRID, 2), GRID), SCAN)])
def test_objects(value, inputs):
    found = there_and_back(value, inputs)
    for one, other in zip(found, value, strict=True) if isinstance(value, list) else [(found, value)]:
        assert_same_object(one, other)


def test_only_what_a_stage_changes_is_kept():
    arrays, smaller = [], ball(GRID, 2.5)
    plain(FIELD.with_field(VALUES[3], smaller), arrays, (FIELD,))
    assert [array.dtype for array in arrays] == [np.float32, bool]
    arrays = []
    plain(replace(SCAN, phase=VALUES + 1), arrays, (SCAN, MASK))
    assert len(arrays) == 1
    arrays = []
    plain(SCAN, arrays, (SCAN, MASK))
    assert arrays == []


def test_a_map_on_another_grid():
    smaller = FIELD.cropped((slice(1, 6), slice(0, 7), slice(0, 7)))
    assert_same_object(there_and_back(smaller, (FIELD,)), smaller)


def test_checks_are_those_of_the_scan_at_hand():
    """They say, among others, how much memory there was, and name the files."""
    earlier = replace(SCAN, checks=(Check("memory", 1.0, 2.0, DOUBTFUL, "There is little memory."),))
    arrays = []
    stored = plain(replace(earlier, phase=VALUES + 1), arrays, (earlier,))
    assert rebuilt(stored, lambda part: unpacked(packed(arrays), part), (SCAN,)).checks == SCAN.checks == ()
    added = replace(SCAN, checks=earlier.checks)
    assert there_and_back(added, (SCAN,)).checks == earlier.checks


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array([object()]), np.float32(1), b"bytes"])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="do not return"):
        plain(value, [])
