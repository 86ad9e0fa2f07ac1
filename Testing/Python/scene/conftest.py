import numpy as np
import pytest
from standin.bootstrap import bootstrap
from standin.module import load_module
from standin.vtk_messages import vtk_messages


@pytest.fixture(autouse=True)
def _no_warnings_of_vtk():
    """Slicer shows them to the user; here they fail the test."""
    vtk_messages.clear()
    yield
    assert not vtk_messages


@pytest.fixture(scope="session")
def loaded():
    """The scripted module, loaded as Slicer does it."""
    bootstrap()
    return load_module()


@pytest.fixture
def scene(loaded):
    """A fresh scene."""
    return bootstrap().scene


@pytest.fixture
def logic(loaded, scene):
    return loaded.module.QSMLogic()


@pytest.fixture
def spheres(scene):
    """(magnitude nodes, phase nodes, segmentation) of a simulated scan in the fresh scene."""
    from QSMLib.scan import sample

    return sample.add_spheres()


@pytest.fixture
def chain(loaded, monkeypatch):
    """Stands in for the numerical chain: keeps what it is called with and yields the first magnitude as the map."""
    import QSMLib.logic

    from QSMLogic import Maps

    class Chain:
        def run(self, acquisition, mask=None, settings=None, progress=None, reference_mask=None, **wanted):
            self.acquisition, self.mask, self.settings = acquisition, mask, settings
            self.reference_mask, self.quality = reference_mask, wanted["quality"]
            if progress:
                progress("invert", 0.5)
            everywhere = np.ones(acquisition.grid.shape, bool)
            image = acquisition.magnitude[0]
            scan = {"echo_times_s": acquisition.echo_times_s, "field_strength_t": acquisition.field_strength_t}
            return Maps(acquisition.grid, everywhere, everywhere, image, image, image, {"scan": scan})

    stand_in = Chain()
    monkeypatch.setattr(QSMLib.logic, "run", stand_in.run)
    return stand_in
