"""Live maps: like the full map but coarse, and kept as far as settings stay the same."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import live_sessions
from helpers.fields import ball, sphere
from helpers.foreign_gpu import fake_gpu
from helpers.live_sessions import GRID, QUICK, SHARP, choices, whole_blocks

from QSMLogic import Grid, Settings, run
from QSMLogic.model.acquisition import FieldMap
from QSMLogic.model.progress import Progress
from QSMLogic.pipeline.automatic_values import automatic_values
from QSMLogic.pipeline.coarse_grid import MOST_VOXELS, CoarseGrid, live_reduction
from QSMLogic.pipeline.coarse_stages import CoarseStages
from QSMLogic.pipeline.live import LiveSession
from QSMLogic.registry.method import find

scan, kept, session = live_sessions.scan, live_sessions.kept, live_sessions.session  # the fixtures


@pytest.mark.parametrize(
    "shape, spacing, expected",
    [
        ((123, 139, 105), (1.25, 1.25, 1.25), (3, 3, 3)),
        ((64, 60, 50), (1, 1, 1), (1, 1, 1)),
        ((40, 230, 180), (3, 0.75, 0.75), (1, 4, 4)),
        ((65, 64, 64), (1, 1, 1), (2, 2, 2)),
    ],
)
def test_grid_is_small_and_its_voxels_cubic(shape, spacing, expected):
    assert live_reduction(shape, spacing) == expected
    assert all(-(-n // r) <= MOST_VOXELS for n, r in zip(shape, expected, strict=True))


def test_coarse_voxels_are_means_of_the_voxels_in_the_mask():
    field = np.arange(5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    mask = np.zeros(field.shape, bool)
    mask[1:5, 1:5, 2:6] = True
    mask[1, 1, 2] = False
    box = (slice(1, 5), slice(1, 5), slice(2, 6))
    grid = CoarseGrid(Grid(field.shape, (1, 1, 2)), box, (2, 2, 2))
    coarse = grid.field(FieldMap(field, mask, grid.scan).cropped(box))
    assert grid.shape == (2, 3, 3)
    assert coarse.grid.spacing_mm == (2, 2, 4)
    np.testing.assert_array_equal(grid.spread(coarse.mask)[1, 1:2, 1:3], True)
    assert grid.spread(coarse.ppm)[1, 1, 1] == field[2:4, 2:4, 2:4].mean()
    assert not grid.spread(coarse.mask)[0, 0, 1]  # one voxel of eight, at the corner
    assert coarse.margin_voxels == 8


def test_every_voxel_of_the_box_has_the_value_of_its_block():
    box, reduction = (slice(1, 5), slice(2, 6), slice(3, 7)), (2, 3, 2)
    grid = CoarseGrid(Grid((5, 6, 7)), box, reduction)
    values = 1 + np.arange(np.prod(grid.shape), dtype=np.float32).reshape(grid.shape)
    expected = np.zeros((5, 6, 7), np.float32)
    for k, j, i in np.ndindex(4, 6, 6):  # what follows is no whole block
        expected[k, j, i] = values[k // 2, j // 3, i // 2]
    np.testing.assert_array_equal(grid.enlarged(values), expected[box])


def test_live_map_resembles_the_full_map(session, scan, kept):
    full = run(*scan, Settings(QUICK), cache=kept.begin())
    live = session.update(Settings(QUICK))
    inside = whole_blocks(full.reliable_mask).all(axis=(1, 3, 5)) & (live.susceptibility_ppm != 0)
    means = whole_blocks(full.susceptibility_ppm).mean(axis=(1, 3, 5))[inside]
    found = live.susceptibility_ppm[inside]
    assert inside.sum() > 3000
    assert np.corrcoef(found, means)[0, 1] > 0.95
    assert np.polyfit(means, found, 1)[0] == pytest.approx(1, abs=0.1)


def test_automatic_values_are_those_of_the_full_resolution(session, scan, kept):
    full = run(*scan, Settings(QUICK), cache=kept.begin())
    threshold = full.provenance["notes"]["invert"]["threshold"]
    assert session.automatic(Settings(QUICK)) == {"invert.threshold": threshold}
    live = session.update(Settings(QUICK))
    assert live.values["invert.threshold"] == threshold
    assert live.point["value"] == threshold


def test_choice_of_the_inversion_is_that_of_the_full_resolution(session, scan, kept):
    full = run(*scan, Settings(SHARP), cache=kept.begin()).provenance["settings"]["invert"]["method"]
    values = session.update(Settings(SHARP)).values
    expected = {p.name for p in find("invert", full).parameters if p.span}
    assert {name.partition(".")[2] for name in values if name.startswith("invert.")} == expected


def test_automatic_values_cost_an_iteration_only():
    local, method, iterations = FieldMap(sphere(GRID, 7)[0], ball(GRID, 20), GRID), find("invert", "wh_qsm"), []
    recorded = Progress()
    method.run(local, parameters=method.make_parameters({"iterations": 1}), progress=recorded)

    def counted(local, parameters, progress):
        report = progress.report
        progress.report = lambda fraction: (iterations.append(fraction), report(fraction))
        return method.function(local, parameters, progress)

    found = automatic_values(replace(method, function=counted), method.make_parameters({"strength": 0.1}), local)
    assert found == {"strength": recorded.notes["strength"]}
    assert len(iterations) == 1


def test_local_field_is_kept_while_only_the_inversion_changes(session, monkeypatch):
    ran = []
    monkeypatch.setattr(type(find("background", "sharp")), "run", counting(ran, type(find("background", "sharp")).run))
    stages = lambda: [stage for stage in ran if stage in ("passes", "background")]  # noqa: E731
    session.update(Settings(choices(0.1)))
    session.update(Settings(choices(0.3)))
    assert not stages()
    wide = {"background": {"method": "sharp", "radius_mm": 9.0}}
    session.update(Settings(choices(0.1, **wide)))
    assert stages() == ["background"]
    session.update(Settings(choices(0.3, **wide)))
    session.update(Settings(choices(0.3)))
    assert stages() == ["background"]


def counting(ran, run_method):
    def counted(method, *inputs, **options):
        ran.append(method.stage)
        return run_method(method, *inputs, **options)

    return counted


def test_changed_background_shows_in_the_map_as_at_full_resolution(session, scan, kept):
    other = {"background": {"method": "sharp", "threshold": 0.3}}
    full = run(*scan, Settings(choices(0.2, **other)), cache=kept.begin())
    before, after = (session.update(Settings(choices(0.2, **c))).susceptibility_ppm for c in ({}, other))
    inside = whole_blocks(full.reliable_mask).all(axis=(1, 3, 5)) & (before != 0) & (after != 0)
    expected = whole_blocks(full.susceptibility_ppm).mean(axis=(1, 3, 5))[inside]
    error_before, error_after = (np.std(x[inside] - expected) / np.std(expected) for x in (before, after))
    assert error_after < 0.25
    assert error_after < 0.6 * error_before


def test_other_total_field_needs_another_session(session):
    assert session.covers(Settings(choices(0.1)))
    assert not session.covers(Settings(choices(0.1, unwrap={"method": "laplacian"})))
    assert not session.covers(Settings(QUICK | {"invert": {"method": "medi"}}))


def test_session_without_a_local_field_covers_no_method_that_needs_one(scan, kept):
    settings = Settings(SHARP | {"invert": {"method": "tgv", "iterations": 1}})
    begun = LiveSession(*scan, settings, lambda stage, fraction: None, kept.begin())
    assert begun.covers(settings)
    assert not begun.covers(Settings(QUICK)) and not begun.covers(Settings(SHARP))


def test_reference_region_can_be_left_and_taken_again(scan, kept, monkeypatch):
    monkeypatch.setattr("QSMLogic.pipeline.live.live_reduction", lambda shape, spacing_mm: (2, 2, 2))
    region = sphere(GRID, 4, (0, 11, 0))[1] < 4  # of 0.4 ppm
    in_region, absolute = (Settings(QUICK | {"reference": {"method": name}}) for name in ("region", "none"))
    begun = LiveSession(*scan, in_region, lambda stage, fraction: None, kept.begin(), region)
    first, other, again = (begun.update(s).susceptibility_ppm for s in (in_region, absolute, in_region))
    np.testing.assert_array_equal(again, first)
    assert np.median((other - first)[first != 0]) == pytest.approx(0.4, abs=0.1)


def test_after_a_full_map_others_are_at_full_resolution_and_close(session, scan, kept):
    full = {t: run(*scan, Settings(choices(t)), cache=kept.begin()).susceptibility_ppm for t in (0.15, 0.2)}
    begun, other = (session.update(Settings(choices(0.2, **c))) for c in ({}, {"invert": {"method": "tikhonov"}}))
    assert begun.box is None and other.box is None
    session.learn(Settings(choices(0.2)), run(*scan, Settings(choices(0.2)), cache=kept.begin()))
    same, near = (session.update(Settings(choices(t))) for t in (0.2, 0.15))
    np.testing.assert_allclose(same.susceptibility_ppm, full[0.2][same.box], atol=1e-6)
    expected = full[0.15][near.box]
    stays = np.std(full[0.2][near.box] - expected)
    assert not near.susceptibility_ppm[expected == 0].any()
    assert np.std(near.susceptibility_ppm - expected) < 0.8 * stays
    again = session.update(Settings(choices(0.2, invert={"method": "tikhonov"})))
    np.testing.assert_array_equal(again.susceptibility_ppm, other.susceptibility_ppm)


def test_automatic_inversion_is_that_of_the_last_full_map(session, scan, kept):
    full = run(*scan, Settings(QUICK), cache=kept.begin())
    assert session.inversion(Settings(SHARP)) != "tkd"
    session.learn(Settings(SHARP), full)  # of which another local field made another choice
    assert session.inversion(Settings(SHARP)) == "tkd"
    found = session.update(Settings(SHARP))
    np.testing.assert_allclose(found.susceptibility_ppm, full.susceptibility_ppm[found.box], atol=1e-6)


@pytest.mark.parametrize("learned_mm, then_mm", [(4.0, 9.0), (9.0, 4.0)])
def test_map_is_where_the_present_mask_is(session, scan, kept, learned_mm, then_mm):
    learned, then = (
        Settings(choices(0.2, background={"method": "sharp", "radius_mm": mm})) for mm in (learned_mm, then_mm)
    )
    before, after = (session.coarse.enlarged(session.update(s).susceptibility_ppm != 0) for s in (learned, then))
    session.learn(learned, run(*scan, learned, cache=kept.begin()))
    has_map = session.update(then).susceptibility_ppm != 0
    if learned_mm < then_mm:
        assert (before & ~after).any() and not has_map[~after].any()
    else:
        assert (after & ~before).any() and has_map[after & ~before].all()


def test_curve_is_about_the_automatic_value_in_units_of_the_scan(session):
    strength = {"invert": {"method": "tikhonov"}}
    session.update(Settings(QUICK | strength))
    automatic = session.automatic(Settings(QUICK | strength))["invert.strength"]
    curve = session.curve()
    assert curve["parameter"] == "strength"
    assert [p["value"] for p in curve["points"] if p["chosen"]] == pytest.approx([automatic])
    key = session.curve_key
    session.update(Settings(QUICK | {"invert": {"method": "tikhonov", "strength": 0.1}}))
    assert session.curve_key == key
    session.update(Settings(QUICK))
    assert session.curve_key != key
    key = session.curve_key
    session.update(Settings(QUICK | {"passes": {"method": "two_passes"}}))
    assert session.curve_key != key


def test_strength_is_converted_to_coarse_voxels(session):
    strong = Settings(QUICK | {"invert": {"method": "tv", "strength": 0.003, "iterations": 3}})
    assert session._coarsened(strong).parameters("invert").strength == pytest.approx(0.0015)


def test_fields_of_other_parts_are_not_corrected():
    part = FieldMap(sphere(GRID, 7)[0], ball(GRID, 20), GRID)
    method, stages = find("background", "sharp"), CoarseStages()
    parameters = method.make_parameters()
    plain = method.run(part)
    found, was_kept = stages.run(method, (part,), parameters, Progress())
    np.testing.assert_array_equal(found.ppm, plain.ppm)
    assert not was_kept
    assert stages.run(method, (part,), parameters, Progress()) == (found, True)


def test_on_a_gpu_the_live_map_is_the_full_map(scan, kept, monkeypatch):
    gpus = []
    monkeypatch.setattr("QSMLogic.pipeline.chain.find_device", lambda wanted: gpus.append(fake_gpu()) or gpus[-1])
    session = LiveSession(*scan, Settings(QUICK), lambda stage, fraction: None, kept.begin())
    assert session.reduction == (1, 1, 1)
    assert session.coarse.shape == GRID.shape
    for radius_mm in (6.0, 4.0):
        changed = Settings(choices(0.15, background={"method": "sharp", "radius_mm": radius_mm}))
        live, full = session.update(changed), run(*scan, changed, cache=kept.begin())
        np.testing.assert_array_equal(live.susceptibility_ppm, full.susceptibility_ppm)
    assert "invert" in gpus[0].stages
    assert not gpus[0].fallbacks
