"""Field maps in other units than ppm, and fields that cannot be right."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import save

from QSMLogic.files.field_files import check_field, load_field
from QSMLogic.model.errors import QSMError

HZ_PER_PPM = 42.577478518 * 3


@pytest.fixture
def field(tmp_path):
    values = np.random.default_rng(0).normal(0, 0.05, (4, 5, 6)).astype(np.float32)

    def write(factor=1.0, **record):
        path = save(tmp_path / "field.nii", values * np.float32(factor))
        (tmp_path / "field.json").write_text(json.dumps(record))
        return path

    return write, values


@pytest.mark.parametrize(
    ("factor", "record", "given"),
    [
        (1, {}, {}),
        (1, {"Units": "ppm"}, {"field_strength_t": 7}),
        (HZ_PER_PPM, {}, {"unit": "hz", "field_strength_t": 3}),
        (HZ_PER_PPM, {"Units": "Hz", "MagneticFieldStrength": 3}, {}),
        (2 * np.pi * HZ_PER_PPM, {"Units": "rad/s"}, {"field_strength_t": 3}),
        (2 * np.pi * HZ_PER_PPM, {"MagneticFieldStrength": 3}, {"unit": "rad_s"}),
    ],
)
def test_units(field, factor, record, given):
    write, expected = field
    found, per_unit, _ = load_field(write(factor, **record), **given)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert per_unit == pytest.approx(1 / factor)


@pytest.mark.parametrize(
    ("record", "given", "reason"),
    [
        ({"Units": "Hz"}, {}, "field.nii is in hz: give --field-strength"),
        ({"Units": "Hz"}, {"unit": "ppm"}, "--field-unit is ppm, but the sidecar of .*field.nii says Hz"),
        ({"Units": "furlong"}, {}, "'furlong', which is no known unit"),
        ({"Units": "Hz", "MagneticFieldStrength": 3}, {"field_strength_t": 7}, "7 T according to the call, but 3 T"),
    ],
)
def test_contradictions(field, record, given, reason):
    with pytest.raises(QSMError, match=reason):
        load_field(field[0](**record), **given)


def test_implausible_fields(field):
    values = field[1]
    for is_local, factor in ((True, 1), (True, 5), (False, 50)):
        check_field("f.nii", factor * values, is_local)
    for is_local, factor, what in ((True, 20, "standard deviation of .* local"), (False, 300, "spread of .* total")):
        with pytest.raises(QSMError, match=f"{what} field: it appears to be in Hz or rad/s.*--field-unit"):
            check_field("f.nii", factor * values, is_local)
        check_field("f.nii", factor * values, is_local, doubted=False)
    with pytest.raises(QSMError, match="impossible"):
        check_field("f.nii", 1e6 * values, True, doubted=False)
