"""The examples in the docstrings of QSMLogic work as they stand; those of the console API need nodes of a scene."""

import doctest
import importlib
import pkgutil

import pytest

import QSMLogic
from QSMLogic import Acquisition, Grid, QSMError, Settings, run

PUBLIC = (Acquisition, Grid, QSMError, Settings, run)


def examples():
    """Every docstring of QSMLogic with examples."""
    names = [module.name for module in pkgutil.walk_packages(QSMLogic.__path__, "QSMLogic.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    found = [test for module in modules for test in doctest.DocTestFinder().find(module)]
    return [test for test in found if test.examples]


EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_work(example):
    assert not doctest.DocTestRunner().run(example).failed


@pytest.mark.parametrize("entry", PUBLIC, ids=lambda entry: entry.__name__)
def test_public_names_have_an_example(entry):
    assert f"{entry.__module__}.{entry.__qualname__}" in {example.name for example in EXAMPLES}
