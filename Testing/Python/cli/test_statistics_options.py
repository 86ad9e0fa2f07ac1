"""The command line of group statistics becomes the options of the cohort."""

import argparse
from pathlib import Path

import pytest

from QSMLogic import QSMError
from QSMLogic.cli.statistics_options import add_group_statistics_options, statistics_options


def options(*words, excluded=()):
    parser = argparse.ArgumentParser()
    add_group_statistics_options(parser)
    return statistics_options(parser.parse_args(words), "data", excluded)


def test_nothing_is_compared_unless_asked_for():
    found = options()
    assert not found.compares and found.sessions == "first" and found.root == Path("data")


def test_everything_that_can_be_said():
    found = options(
        *("--group-column", "diagnosis", "--reference-group", "HC", "--covariates", "age", "site"),
        *("--categorical", "site", "--compare-sessions", "change", "--between", "ses-1", "2"),
        *("--scan-kind", "MEGRE", "--participants-file", "people.tsv"),
        excluded=["sub-01_MEGRE"],
    )
    assert found.compares and found.group == "diagnosis" and found.reference_group == "HC"
    assert found.covariates == ("age", "site") and found.categorical == ("site",)
    assert found.sessions == "change" and found.between == ("1", "2") and found.kind == "MEGRE"
    assert found.participants == Path("people.tsv") and found.excluded == {"sub-01_MEGRE"}


def test_options_that_lack_another():
    with pytest.raises(QSMError, match="--reference-group requires --group-column"):
        options("--reference-group", "HC", "--covariates", "age")
    with pytest.raises(QSMError, match="for the change between two sessions"):
        options("--between", "1", "2", "--covariates", "age")
