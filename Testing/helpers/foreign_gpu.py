"""A stand-in for a GPU: foreign arrays, memory that is a number, and a way to lose it."""

from dataclasses import replace

from helpers.foreign_arrays import Foreign

from QSMLogic.numerics.device import Gpu, Handle


class Transforms:
    """Those of foreign arrays; wrong by a factor, and lost once there is a reason."""

    def __init__(self, factor):
        self.lost, self._factor = "", factor

    def rfftn(self, x):
        if self.lost:
            raise RuntimeError(self.lost)
        return Foreign.array_library.fft.rfftn(x * self._factor)


class FakeGpu(Gpu):
    """Held by none of its parts, as a Gpu is. releases: has True for each time that its memory was freed."""

    def __init__(self, free_bytes, factor):
        self.releases, self._fft = [], Transforms(factor)
        releases, facts = self.releases, ("Foreign GPU", 8e9, "550.54 (CUDA 12.4)", "CuPy 14.2.0")
        handle = Handle(lambda: free_bytes, lambda: releases.append(True))
        super().__init__(replace(Foreign.array_library, fft=self._fft), handle, *facts)

    def lose(self, why):
        """From now on nothing works there; found out at the next failure."""
        self._fft.lost = why

    def cannot_release(self, why):
        """Freeing its memory fails."""
        self._handle = replace(self._handle, release=lambda: _fail(why))


def _fail(why):
    raise RuntimeError(why)


def fake_gpu(free_bytes=1e9, factor=1):
    """A Gpu on foreign arrays. factor: by which its transforms are wrong."""
    return FakeGpu(free_bytes, factor)
