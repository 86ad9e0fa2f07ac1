"""In what scans differ is named, and which ones."""

from helpers.simulated_group import REPORTED, SETTINGS, SOFTWARE, record

from QSMLogic.cohort.group.differences import NOT_REPORTED, NOT_RUN, Comparison, differing


def found(*records):
    comparison = Comparison()
    for number, content in enumerate(records):
        comparison.add(number, content)
    return comparison.differences()


def as_text(differences):
    return {(of.kind, of.title): {text: list(numbers) for text, numbers in of.values} for of in differences}


def test_scans_that_are_alike_have_no_differences():
    moved = record(2, scan={"reported": REPORTED | {"ImagingFrequency": 123.2, "AcquisitionDuration": 300.5}})
    assert found(record(1), moved, record(3)) == []


def test_scanner_settings_and_software_are_named_with_the_scans_that_differ():
    other = record(
        3,
        scan={"reported": {"Manufacturer": "GE"}, "echo_times_s": [0.004, 0.008]},
        settings=SETTINGS | {"background": {"method": "vsharp", "max_radius_mm": 12.0}},
        software=SOFTWARE | {"numpy": "1.26"},
    )
    differences = found(record(1), record(2), other)
    assert as_text(differences) == {
        ("Scanner and protocol", "Echo times (ms)"): {"5, 10, 15": [0, 1], "4, 8": [2]},
        ("Scanner and protocol", "Manufacturer"): {"Siemens": [0, 1], "GE": [2]},
        ("Scanner and protocol", "ManufacturersModelName"): {"Prisma": [0, 1], NOT_REPORTED: [2]},
        ("Settings", "background.vsharp.max_radius_mm"): {"16": [0, 1], "12": [2]},
        ("Software", "numpy"): {"2.0": [0, 1], "1.26": [2]},
    }
    assert list(differing(differences)) == [2]


def test_another_method_does_not_name_all_of_its_parameters():
    other = record(3, settings=SETTINGS | {"background": {"method": "lbv", "tolerance": 1e-4}})
    assert [of.title for of in found(record(1), record(2), other)] == ["background"]


def test_a_stage_that_some_scans_lack_is_a_difference():
    with_swi = record(3, settings=SETTINGS | {"swi": {"method": "classic"}})
    assert as_text(found(record(1), record(2), with_swi)) == {("Settings", "swi"): {NOT_RUN: [0, 1], "classic": [2]}}


def test_the_most_frequent_value_is_the_usual_one():
    minority_first = found(record(1, software={"QSMLogic": "2"}), record(2), record(3))
    (difference,) = (of for of in minority_first if of.title == "QSMLogic")
    assert difference.others == [0]
