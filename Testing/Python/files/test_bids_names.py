"""What maps are called in BIDS."""

import re

import pytest
from helpers.bids_tree import names_of_maps

from QSMLogic.files.bids_names import ENTITIES, MAP_SUFFIXES, map_name, parsed
from QSMLogic.files.data_set import ignored
from QSMLogic.model.catalogue import CATALOGUE


@pytest.mark.parametrize(
    "stem, description, name",
    [
        ("sub-01", "", "sub-01_Chimap"),
        ("sub-01_ses-1_acq-x_run-2", "local", "sub-01_ses-1_acq-x_run-2_desc-local_Chimap"),
        ("sub-01_run-2_acq-x", "", "sub-01_acq-x_run-2_Chimap"),
        ("sub-01_task-rest_dir-AP_run-1", "total", "sub-01_task-rest_run-1_desc-dirAPtotal_Chimap"),
        ("sub-01_desc-preproc_space-T1w", "local", "sub-01_space-T1w_desc-preproclocal_Chimap"),
        ("sub-01_flip-2_mt-on", "", "sub-01_desc-flip2mton_Chimap"),
        ("sub-01_other-a+b", "", "sub-01_desc-otherab_Chimap"),
    ],
)
def test_entities_are_those_of_maps_in_the_order_of_bids(stem, description, name):
    assert map_name(stem, description, "Chimap") == name


def test_names_of_all_maps_of_all_kinds_of_images(tmp_path):
    """The schema's demands on files in the folder anat of derivatives, for what .bidsignore does not name."""
    order, allowed = list(ENTITIES), {"sub", "ses", "task", "acq", "ce", "rec", "run", "space", "chunk", "res", "desc"}
    named = [name for name in names_of_maps(tmp_path) if name.endswith(tuple(f"_{s}.nii.gz" for s in MAP_SUFFIXES))]
    assert len(named) > 50
    for name in named:
        entities, _ = parsed(name)
        assert entities.keys() <= allowed
        assert [*entities] == sorted(entities, key=order.index)
        assert all(re.fullmatch("[A-Za-z0-9]+", value) for value in entities.values())
    assert len({*named}) == len(named)


def test_maps_whose_suffix_is_none_of_bids_are_ignored():
    unknown = {entry.bids[1] for entry in CATALOGUE.values()} - {*MAP_SUFFIXES}
    assert unknown == {"fieldmap", "swi", "minIP"}
    assert {f"*_{suffix}.*" for suffix in unknown} <= {*ignored()}
    assert not any(pattern.startswith("*_") and pattern[2:-2] in MAP_SUFFIXES for pattern in ignored())
