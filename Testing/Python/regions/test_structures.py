"""Structures are recognized by the names that atlases give them."""

import pytest

from QSMLogic.regions.structures import CSF, STRUCTURES, WHOLE_BRAIN, structure_of


@pytest.mark.parametrize(
    ("structure", "names"),
    {
        "caudate": ("Left-Caudate", "caudate_r", "CN_L", "Caudate nucleus (left)", "lh.caudate", "CAUDATE"),
        "putamen": ("Right-Putamen", "PUT", "putamen_l"),
        "pallidum": ("Left-Pallidum", "Globus pallidus", "GP R"),
        "internal pallidum": ("GPi_L", "internal globus pallidus"),
        "external pallidum": ("GPe", "Globus pallidus external right"),
        "thalamus": ("Left-Thalamus-Proper", "Left-Thalamus", "Whole thalamus"),
        "accumbens": ("Right-Accumbens-area", "Nucleus accumbens"),
        "red nucleus": ("Red nucleus", "RN_R"),
        "substantia nigra": ("SN", "left substantia nigra"),
        "subthalamic nucleus": ("STN_L", "Subthalamic nucleus"),
        "dentate": ("Dentate nucleus", "DN"),
        CSF: ("csf", "CSF", "Left-Lateral-Ventricle", "Cerebrospinal fluid"),
        WHOLE_BRAIN: ("Whole brain", "brain"),
        "hippocampus": ("Left-Hippocampus", "hippocampus_r"),
    }.items(),
)
def test_names_of_a_structure(structure, names):
    assert {structure_of(name) for name in names} == {structure}


def test_no_name_stands_for_two_structures():
    for structure, others in STRUCTURES.items():
        assert {structure_of(name) for name in (structure, *others)} == {structure}
