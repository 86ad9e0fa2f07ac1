"""The in-silico head: its anatomy, its values, its seeds."""

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, center_of_mass

from QSMLogic.simulation.phantom import LABELS, TISSUES, head

SHAPE, SPACING_MM = (52, 64, 56), (3.0, 3.0, 3.0)


def center_mm(head_, name):
    """Of a tissue, (up, back, left) of the image's middle."""
    center = np.array(center_of_mass(head_.labels == LABELS[name]))
    return (center - (np.array(head_.grid.shape) - 1) / 2) * head_.grid.spacing_mm


def volume_ml(head_, inside):
    return inside.sum() * head_.grid.voxel_volume_mm3 / 1000


def test_same_seed_is_the_same_head(small_head):
    again = head(SHAPE, SPACING_MM, seed=1)
    for name in ("labels", "susceptibility_ppm", "proton_density", "r1_hz", "r2star_hz", "brain_mask"):
        assert getattr(again, name).tobytes() == getattr(small_head, name).tobytes()


def test_another_seed_is_another_head(small_head):
    other = head(SHAPE, SPACING_MM, seed=2)
    assert 0.03 < np.mean(other.labels[small_head.brain_mask] != small_head.labels[small_head.brain_mask]) < 0.6


def test_every_tissue_is_there():
    fine = head((104, 128, 112), (1.5,) * 3)
    assert set(np.unique(fine.labels)) == set(range(len(TISSUES)))
    assert fine.names == {label: tissue.name for label, tissue in enumerate(TISSUES)}


def test_proportions_are_those_of_an_adult(small_head):
    brain = volume_ml(small_head, small_head.brain_mask)
    white, gray = (volume_ml(small_head, small_head.labels == LABELS[n]) for n in ("White matter", "Gray matter"))
    assert 1000 < brain < 1600
    assert 0.7 < white / gray < 1.6
    assert 5 < volume_ml(small_head, small_head.labels == LABELS["Putamen"]) < 16


def test_top_back_and_left_come_last(small_head):
    pallidum, dentate, bone = (center_mm(small_head, name) for name in ("Pallidum", "Dentate nucleus", "Bone"))
    assert dentate[0] < pallidum[0] - 25
    assert dentate[1] > pallidum[1] + 40
    assert abs(pallidum[2]) < 3
    assert abs(bone[2]) < 3
    up, back, left = (n // 2 for n in small_head.grid.shape)
    bleeds = (
        small_head.labels[up:] == LABELS["Microbleed"]
    )  # one is in the left frontal lobe, one far back on the right
    assert bleeds[:, :back, left:].any()
    assert bleeds[:, back:, :left].any()
    assert not bleeds[:, :back, :left].any()
    assert not bleeds[:, back:, left:].any()


def test_susceptibilities_are_near_their_tissues(small_head):
    for label, tissue in enumerate(TISSUES):
        inside = small_head.labels == label
        if inside.sum() > 10:
            spread = 0.1 * abs(tissue.susceptibility_ppm) + 3 * tissue.variability
            assert small_head.susceptibility_ppm[inside].mean() == pytest.approx(
                tissue.susceptibility_ppm, abs=spread + 1e-6
            )


def test_brain_holds_no_air_and_lies_within_the_skull(small_head):
    inside = binary_erosion(small_head.brain_mask)
    assert not np.isin(small_head.labels[inside], (LABELS["Air"], LABELS["Fat"])).any()
    assert not small_head.brain_mask[-1].any()
    assert not small_head.brain_mask[:, [0, -1]].any()


def test_resolution_samples_the_same_anatomy(small_head):
    fine = head((104, 128, 112), (1.5,) * 3, seed=1)
    # a voxel of 3 mm is centered on the corner of eight of 1.5 mm
    agree = fine.labels[::2, ::2, ::2] == small_head.labels
    assert agree.mean() > 0.85


def test_no_variation_gives_the_standard_values():
    standard = head(SHAPE, SPACING_MM, variation=0)
    air = standard.labels == LABELS["Air"]
    assert np.all(standard.susceptibility_ppm[air] == np.float32(9.2))
    assert np.all(standard.proton_density[air] == 0)
