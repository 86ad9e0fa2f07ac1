"""A stand-in for a GPU: foreign arrays, memory that is a number, and a way to lose it."""

from dataclasses import replace
from types import SimpleNamespace

from helpers.foreign_arrays import Foreign

from QSMLogic.numerics.device import Gpu, Handle


class FakeGpu(Gpu):
    """released: how often its memory was freed."""

    def __init__(self, free_bytes, factor):
        self.released, self._lost, self._factor, foreign = 0, "", factor, Foreign.array_library
        fft = SimpleNamespace(rfftn=self._rfftn)
        facts = "Foreign GPU", 8e9, "550.54 (CUDA 12.4)", "CuPy 14.2.0"
        super().__init__(replace(foreign, fft=fft), Handle(lambda: free_bytes, self._release), *facts)

    def lose(self, why):
        """From now on nothing works there; found out at the next failure."""
        self._lost = why

    def _rfftn(self, x):
        if self._lost:
            raise RuntimeError(self._lost)
        return Foreign.array_library.fft.rfftn(x * self._factor)

    def _release(self):
        self.released += 1


def fake_gpu(free_bytes=1e9, factor=1):
    """A Gpu on foreign arrays. factor: by which its transforms are wrong."""
    return FakeGpu(free_bytes, factor)
