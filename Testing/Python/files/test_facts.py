"""Facts of a scan from the call, sidecars and names, which are compared."""

import pytest

from QSMLogic.files.facts import scan_facts
from QSMLogic.model.check import DOUBTFUL
from QSMLogic.model.errors import QSMError

TIMES = (0.004, 0.012, 0.02)
FILES = {kind: [f"{kind}{e}.nii" for e in (1, 2, 3)] for kind in ("magnitude", "phase")}


def facts(times=None, strength=None, files=FILES, order=(0, 1, 2), phase_order=None, **records):
    """The Facts of files whose sidecars say TIMES in an order and 3 T; records: what those of single files add."""
    said = {}
    for kind, paths in files.items():
        for path, n in zip(paths, phase_order if kind == "phase" and phase_order else order, strict=False):
            said[path] = {"EchoTime": TIMES[n], "MagneticFieldStrength": 3}
    for stem, record in records.items():
        said[f"{stem}.nii"] = {k: v for k, v in (said[f"{stem}.nii"] | record).items() if v is not ...}
    return scan_facts(files, times, strength, said.__getitem__)


def one(echo_time=..., times=None, name="phase", **record):
    record = {"EchoTime": echo_time, "MagneticFieldStrength": 3} | record
    record = {key: value for key, value in record.items() if value is not ...}
    said = {"m.nii": {"EchoTime": 0.005}, f"{name}.nii": record}
    return scan_facts({"magnitude": ["m.nii"], "phase": [f"{name}.nii"]}, times, None, said.__getitem__)


def test_sidecars_that_agree_with_the_call():
    for found in (facts(), facts(TIMES, 3.0), facts([0.004, 0.01201, 0.02], 2.89)):
        assert found.order == {} and found.checks == ()
        assert found.echo_times_s == pytest.approx(TIMES, rel=1e-3)


@pytest.mark.parametrize("times", [None, TIMES])
def test_files_are_put_in_the_order_of_their_sidecars(times):
    found = facts(times, order=(0, 2, 1))
    assert found.echo_times_s == list(TIMES)
    assert found.order == {"magnitude": [0, 2, 1], "phase": [0, 2, 1]}
    [check] = found.checks
    assert (check.name, check.corrected) == ("echo_order", True) and "4, 12, 20 ms" in check.sentence


def test_echo_times_of_the_call_are_put_in_the_order_of_the_sidecars():
    found = facts([0.012, 0.004, 0.02])
    assert found.echo_times_s == list(TIMES) and found.order == {}
    assert [check.name for check in found.checks] == ["echo_order"]


def test_each_kind_is_sorted_by_its_own_sidecars():
    found = facts(phase_order=(2, 1, 0))
    assert found.order == {"magnitude": [0, 1, 2], "phase": [2, 1, 0]}
    found = facts(order=(1, 0, 2), magnitude1={"EchoTime": ...})  # of the magnitude only the phase tells
    assert found.order == {"magnitude": [1, 0, 2], "phase": [1, 0, 2]}


def test_an_order_that_only_one_kind_knows_is_refused():
    unknown = {f"magnitude{e}": {"EchoTime": ...} for e in (1, 2, 3)}
    assert facts(**unknown).order == {}
    with pytest.raises(QSMError, match="those of the magnitude have no sidecars"):
        facts(phase_order=(2, 1, 0), **unknown)


def test_other_times_than_in_the_sidecars():
    with pytest.raises(QSMError, match=r"given for phase3\.nii is 0\.024 s, but its sidecar says 0\.02 s"):
        facts([0.004, 0.012, 0.024], magnitude3={"EchoTime": ...})
    with pytest.raises(QSMError, match=r"phase2\.nii is 0\.004 s, but its sidecar says 0\.012"):
        facts([0.012, 0.004, 0.02], phase1={"EchoTime": ...}, files={"phase": FILES["phase"]})
    with pytest.raises(QSMError, match="phase images have echo times .* magnitude images"):
        facts(magnitude3={"EchoTime": 0.03})
    with pytest.raises(QSMError, match=r"phase1\.nii and phase2\.nii have the same EchoTime"):
        facts(phase2={"EchoTime": 0.004}, magnitude1={"EchoTime": ...})


def test_a_merged_file_may_have_the_time_of_one_echo():
    files = {"magnitude": ["magnitude1.nii"], "phase": ["phase1.nii"]}
    assert facts(TIMES, files=files).echo_times_s == list(TIMES)
    with pytest.raises(QSMError, match=r"its sidecar says 0\.004 s"):
        facts((0.01, 0.02), files=files)
    listed = {f"{kind}1": {"EchoTime": [0.02, 0.004, 0.012]} for kind in files}
    assert facts(files=files, **listed).order == {kind: [1, 2, 0] for kind in files}


@pytest.mark.parametrize("value", [True, "3", [3], float("nan"), float("inf"), 10**400, -3, 0, {}])
@pytest.mark.parametrize("name", ["MagneticFieldStrength", "ImagingFrequency", "EchoTime"])
def test_values_that_are_no_numbers(name, value):
    if name == "EchoTime" and value == [3]:
        value = [True]
    with pytest.raises(QSMError, match=f"{name} in the sidecar of phase2.nii.*must be a (positive )?number"):
        facts(phase2={name: value})


def test_echo_times_in_milliseconds():
    with pytest.raises(
        QSMError, match=r"phase2\.nii is 4\.92, too long .* milliseconds\. Write it in seconds: 0\.00492"
    ):
        facts(phase2={"EchoTime": 4.92})


def test_field_strengths_that_contradict_each_other():
    with pytest.raises(
        QSMError, match=r"3 T according to .* of phase1\.nii, but 1\.5 T according to .* magnitude2\.nii"
    ):
        facts(magnitude2={"MagneticFieldStrength": 1.5})
    with pytest.raises(QSMError, match=r"7 T according to the call, but 3 T according to MagneticFieldStrength"):
        facts(strength=7)
    with pytest.raises(QSMError, match="ImagingFrequency of phase1.nii"):
        facts(phase1={"ImagingFrequency": 63.9})
    sold_as_3_t = facts(phase1={"ImagingFrequency": 123.2})
    assert sold_as_3_t.field_strength_t == pytest.approx(123.2 / 42.577478518)


def test_kinds_of_image_that_contradict_the_sidecar():
    with pytest.raises(QSMError, match=r"magnitude2\.nii is given as magnitude, but the ImageType .* says phase"):
        facts(magnitude2={"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]})
    with pytest.raises(QSMError, match="says magnitude"):
        facts(phase1={"ImageType": "ORIGINAL\\PRIMARY\\M_FFE\\M"})
    assert not facts(phase1={"ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP", "P"]}).checks


def test_number_of_the_echo_in_name_and_sidecar():
    files = {kind: [f"{kind}_echo-{e}.nii" for e in (1, 2, 3)] for kind in FILES}
    records = {f"phase_echo-{e}": {"EchoNumber": e} for e in (1, 2, 3)}
    assert not facts(files=files, **records).checks
    [check] = facts(files=files, **records | {"phase_echo-2": {"EchoNumber": 3}}).checks
    assert (check.name, check.verdict) == ("echo_number", DOUBTFUL) and "phase_echo-2 is echo 3" in check.sentence


BOTH = {"EchoTime1": 0.00492, "EchoTime2": 0.00738}


@pytest.mark.parametrize(("name", "time"), [("phasediff", 0.00738), ("sub-01_phasediff", ...), ("phase", ...)])
def test_echo_time_of_a_phase_difference(name, time):
    found = one(time, name=name, **BOTH)
    assert found.echo_times_s == pytest.approx([0.00246])
    assert [(c.name, c.corrected) for c in found.checks] == [("phase_difference", True)]
    assert not one(time, [0.00246], name, **BOTH).checks
    with pytest.raises(QSMError, match="phase difference between echoes at 0.00492, 0.00738 s"):
        one(time, [0.00738], name, **BOTH)


def test_one_echo_with_the_times_of_two_is_doubted():
    found = one(0.005, **BOTH)
    assert found.echo_times_s == [0.005]
    [check] = found.checks
    assert (check.name, check.verdict) == ("phase_difference", DOUBTFUL) and "--echo-times 0.00246" in check.sentence
    assert not one(0.005, [0.005], **BOTH).checks


def test_phase_difference_without_its_times():
    with pytest.raises(QSMError, match="lacks EchoTime1 or EchoTime2"):
        one(0.00738, name="phasediff")
