"""The examples in the docstrings of the public interface work as they stand."""

import doctest

import pytest

from QSMLogic import Acquisition, Grid, QSMError, Settings, run

PUBLIC = (Acquisition, Grid, QSMError, Settings, run)


@pytest.mark.parametrize("entry", PUBLIC, ids=lambda entry: entry.__name__)
def test_examples_work(entry):
    found = [test for test in doctest.DocTestFinder(recurse=False).find(entry, entry.__name__) if test.examples]
    assert found
    results = [doctest.DocTestRunner().run(test) for test in found]
    assert not sum(result.failed for result in results)
