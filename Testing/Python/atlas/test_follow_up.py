"""Two scans of one person: registered by magnitude, and compared on the grid of the first."""

from dataclasses import replace

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.atlas.follow_up import Visit, compare_visits
from QSMLogic.atlas.rigid import register_rigidly
from QSMLogic.files.geometry import Geometry
from QSMLogic.numerics.lazy import ndimage, sitk
from QSMLogic.regions import LabelRegions
from QSMLogic.regions.brain import BRAIN

SHAPE = (36, 44, 40)
PLACE = Geometry(SHAPE[::-1], (2.0, 2.0, 2.0), (-39.0, -43.0, -35.0))
OTHER = Geometry((44, 42, 40), (1.9, 2.1, 2.0), (-40.0, -44.0, -38.0), (0.995, -0.0998, 0, 0.0998, 0.995, 0, 0, 0, 1))
BRAIN_MM, MOVE = (26.0, 34.0, 28.0), ((0.05, -0.06, 0.08), (2.5, -3.0, 1.5))
SPOTS = {1: (8.0, 6.0, -10.0), 2: (-9.0, 4.0, 8.0), 3: (4.0, -12.0, 10.0), 4: (-6.0, -14.0, -8.0)}


def place_mm(geometry, turned=False):
    """x, y, z of the voxels in the head (3, k, j, i); turned: as the head lies in the second scan."""
    kji = np.stack(np.meshgrid(*map(np.arange, geometry.shape), indexing="ij"), -1)[..., ::-1]
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    xyz = kji @ axes.T + geometry.origin
    if turned:
        motion = sitk.Euler3DTransform((0, 0, 0), *MOVE[0], MOVE[1]).GetInverse()
        xyz = xyz @ np.reshape(motion.GetMatrix(), (3, 3)).T + motion.GetTranslation()
    return np.moveaxis(xyz, -1, 0)


def visit(geometry, turned, seed, changed=0, shift=0.0):
    """A smooth head with four nuclei on any grid."""
    x, y, z = place_mm(geometry, turned)
    radius = np.sqrt(sum((p / r) ** 2 for p, r in zip((x, y, z), BRAIN_MM, strict=True)))
    mask, noise = radius < 0.95, np.random.default_rng(seed)
    texture = np.sin(x / 4) * np.sin(y / 5) * np.cos(z / 4.5)
    magnitude = (100 + 30 * texture) / (1 + np.exp((radius - 1) * 25)) + noise.normal(0, 1, geometry.shape)
    ppm = 0.02 * texture + shift
    for label, middle in SPOTS.items():
        distance = np.sqrt(sum((p - m) ** 2 for p, m in zip((x, y, z), middle, strict=True)))
        ppm += (0.1 + 0.04 * (label == changed)) / (1 + np.exp((distance - 5) * 2))
    errors = ndimage.gaussian_filter(noise.normal(size=geometry.shape), 1.0)
    ppm = np.where(mask, ppm + 0.004 * errors / errors.std(), 0).astype(np.float32)
    return Visit(ppm, mask, magnitude, geometry, np.full(geometry.shape, 0.01, np.float32))


def scaled(geometry, scale):
    lengths = {name: tuple(scale * mm for mm in getattr(geometry, name)) for name in ("spacing", "origin")}
    return replace(geometry, **lengths)


def visit_of(one, shift, **arrays):
    """The same scan with another zero."""
    return replace(one, susceptibility_ppm=(one.susceptibility_ppm + shift).astype(np.float32), **arrays)


@pytest.fixture(scope="module")
def first():
    return visit(PLACE, False, 1)


@pytest.fixture(scope="module")
def regions():
    labels = np.zeros(SHAPE, np.uint8)
    for label, middle in SPOTS.items():
        labels[np.sqrt(sum((p - m) ** 2 for p, m in zip(place_mm(PLACE), middle, strict=True))) < 5] = label
    return LabelRegions(labels, {label: f"spot {label}" for label in SPOTS})


def test_magnitudes_are_registered_to_a_fraction_of_a_voxel_whatever_their_grids(first):
    second = visit(OTHER, True, 2)
    found = register_rigidly(*((v.magnitude, v.geometry, v.mask) for v in (first, second)))
    motion = sitk.Euler3DTransform((0, 0, 0), *MOVE[0], MOVE[1])
    points = [(0, 0, 0), (20, 0, 0), (0, -25, 10), (-10, 10, -20)]
    away = [np.subtract(found.transform.TransformPoint(p), motion.TransformPoint(p)) for p in points]
    assert np.linalg.norm(away, axis=1).max() < 0.2
    assert found.error_mm < 0.5 and found.correlation > 0.9
    assert found.rotation_deg == pytest.approx(np.degrees(np.linalg.norm(MOVE[0])), abs=0.3)


def test_heads_of_a_tenth_the_size_are_registered_alike(first):
    second, found = visit(OTHER, True, 2), []
    for scale in (1.0, 0.1):
        scans = [(v.magnitude, scaled(v.geometry, scale), v.mask) for v in (first, second)]
        found.append(register_rigidly(*scans))
    assert found[1].translation_mm == pytest.approx(0.1 * found[0].translation_mm, rel=0.01)
    assert found[1].rotation_deg == pytest.approx(found[0].rotation_deg, abs=0.05)


def test_the_nucleus_that_changed_is_found_and_no_other(first, regions):
    done = compare_visits(first, visit(OTHER, True, 2, changed=3, shift=0.5), regions)
    assert [row["segment"] for row in done.table.rows if row["changed"]] == ["spot 3"]
    assert done.table.of("spot 3")["change"] == pytest.approx(0.035, abs=0.01)  # the mean of a blurred ball
    assert done.difference.ppm.shape == SHAPE
    assert done.table.settings["registration_error_mm"] < 0.5


def test_reference_and_scans_that_cannot_be_compared_are_refused(first, regions):
    with pytest.raises(QSMError, match="no region 'water'"):
        compare_visits(first, first, regions, "water")
    noise = np.random.default_rng(3).normal(100, 10, SHAPE)
    with pytest.raises(QSMError, match="could not be registered"):
        compare_visits(first, visit_of(first, magnitude=noise, shift=0.1), regions)
    ppb = replace(first, susceptibility_ppm=1000 * first.susceptibility_ppm)
    with pytest.raises(QSMError, match="1000 times as much.*in ppm"):
        compare_visits(first, ppb, regions)
    with pytest.raises(QSMError, match="same values"):
        compare_visits(first, first, regions)


def test_another_zero_and_values_that_are_not_finite_are_no_change(first, regions):
    moved = visit_of(first, shift=0.1)
    moved.susceptibility_ppm[regions[0].filled(SHAPE)] = np.nan
    table = compare_visits(first, moved, regions, BRAIN).table
    assert not any(row["changed"] for row in table.rows)
    assert table.of("spot 1")["change"] is None and table.of("spot 2")["change_uncertainty"] > 0
