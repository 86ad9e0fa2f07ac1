"""What methods say to need on a GPU is what they need, measured on arrays of another library that numpy allocates."""

from functools import cache

import numpy as np
import pytest
from helpers.foreign_memory import peak_bytes_of
from helpers.method_inputs import inputs_of, known_inputs, methods_for_gpu
from helpers.same_on_foreign import arrays

from QSMLogic import Grid
from QSMLogic.numerics.gpu_memory import USUAL, needed_bytes
from QSMLogic.registry.method import find

EVERY = methods_for_gpu()
PADDING = [m for m in EVERY if m.stage == "invert" or m.gpu_need.per_voxel > USUAL.per_voxel]
SMALL, LARGE, THIN, WIDE = (40, 44, 42), (56, 60, 58), (8, 48, 48), (8, 80, 80)
FEW, MANY = 4, 12  # echoes
WHAT_VARIES_BYTES = 3e5
CARD_BYTES, HEAD, ECHOES = 7.5e9, (256, 320, 320), 5  # free on a card of 8 GB; a large scan


@cache
def known(shape, echoes):
    return known_inputs(Grid(shape), np.ones(shape, bool), tuple(np.linspace(0.004, 0.04, echoes)))


def growth(entry, small, large, echoes):
    """By how many bytes a larger image increases what is measured, and what is said; what is fixed plays no part."""
    measured, said = [], []
    for shape in (small, large):
        shapes = [x.shape for x in arrays(inputs_of(entry, known(shape, echoes)))]
        said.append(max(map(entry.gpu_need.bytes_of, shapes)))
        measured.append(peak_bytes_of(entry, known(shape, echoes)))
    assert measured[0] < needed_bytes(inputs_of(entry, known(small, echoes)), entry.gpu_need)
    return measured[1] - measured[0], said[1] - said[0]


def name_of(entry):
    return f"{entry.stage} {entry.name}"


@pytest.mark.parametrize("entry", EVERY, ids=name_of)
def test_methods_need_what_they_say(entry):
    takes_echoes = any(x.ndim > 3 for x in arrays(inputs_of(entry, known(SMALL, FEW))))
    for echoes in (FEW, MANY) if takes_echoes else (FEW,):
        measured, said = growth(entry, SMALL, LARGE, echoes)
        assert measured < said + WHAT_VARIES_BYTES, "It needs more than its gpu_need says."
        assert measured > 0.4 * said or entry.gpu_need == USUAL


@pytest.mark.parametrize("entry", PADDING, ids=name_of)
def test_methods_need_no_more_in_a_thin_slab(entry):
    measured, said = growth(entry, THIN, WIDE, FEW)
    assert measured < said + WHAT_VARIES_BYTES


def test_a_small_card_is_enough_for_most_of_a_large_scan():
    local, scan = np.broadcast_to(np.float32(0), HEAD), np.broadcast_to(np.float32(0), (ECHOES, *HEAD))
    for name in ("wh_qsm", "medi", "tv", "rts"):
        assert needed_bytes([local], find("invert", name).gpu_need) < 0.6 * CARD_BYTES
    assert needed_bytes([scan]) < CARD_BYTES < needed_bytes([scan], find("relaxometry", "nonlinear").gpu_need)
