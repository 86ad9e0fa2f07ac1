"""Live sessions of a small scan, and their jobs, as fixtures for the tests."""

import queue

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Grid, Settings
from QSMLogic.pipeline import live_job
from QSMLogic.pipeline.kept_results import KeptResults
from QSMLogic.pipeline.live import LiveSession
from QSMLogic.pipeline.talk import Talk

GRID = Grid((61, 64, 67), (1.0, 1.0, 1.1), (0.96, 0.28, 0.0))
TIMES = (0.005, 0.012)
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3
SHARP = {"background": {"method": "sharp"}, "reference": {"method": "none"}}
QUICK = SHARP | {"invert": {"method": "tkd"}}


def choices(threshold, **others):
    return QUICK | {"invert": {"method": "tkd", "threshold": threshold}} | others


def command(update, detail="coarse", quality=False, curve=False, **settings):
    extras = {"quality": quality, "curve": curve} if detail == "full" else {}
    return {"live": {"update": update, "settings": choices(0.2) | settings, "detail": detail, **extras}}


@pytest.fixture(scope="module")
def scan():
    """Two balls of 0.4 and -0.3 ppm in a round head, with noise; and the head."""
    head = ball(GRID, 27)
    field = sphere(GRID, 7, (0, 11, 0), 0.4)[0] + sphere(GRID, 7, (0, -11, 0), -0.3)[0]
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, 2, *GRID.shape))
    signal = np.stack([head * np.exp(1j * RAD_PER_S_AND_PPM * t * field) for t in TIMES]) + noise[0] + 1j * noise[1]
    return Acquisition(np.abs(signal), np.angle(signal), TIMES, 3.0, GRID), head


@pytest.fixture(scope="module")
def kept():
    """Results of stages that all tests of this file share, as only the last stages differ."""
    return KeptResults()


@pytest.fixture
def session(scan, kept, monkeypatch):
    """A session with blocks of two voxels."""
    monkeypatch.setattr("QSMLogic.pipeline.live.live_reduction", lambda shape, spacing_mm: (2, 2, 2))
    return LiveSession(*scan, Settings(QUICK), lambda stage, fraction: None, kept.begin())


def whole_blocks(image):
    return image[:60, :64, :66].reshape(30, 2, 32, 2, 33, 2)


class Waiting(queue.SimpleQueue):
    """Commands that come one after the other: the end, if there is none left for who waits."""

    def get(self, timeout=None):
        return {"end": True} if self.empty() else super().get()


@pytest.fixture
def job(scan, kept, tmp_path, monkeypatch):
    """job(*commands): the news of a live job to which the commands are waiting when the session is there."""
    monkeypatch.setattr("QSMLogic.pipeline.live.live_reduction", lambda shape, spacing_mm: (2, 2, 2))

    def work(*commands, hear=None):
        talk = Talk(kept=kept)
        news, talk.commands = [], Waiting()
        talk.tell = lambda one: (news.append(one), hear and hear(one, talk))

        def begin(one):
            if "ready" in one and one is next(n for n in news if "ready" in n):
                for each in commands:
                    talk.commands.put(each)

        tell = talk.tell
        talk.tell = lambda one: (tell(one), begin(one))
        options = {"reference_mask": None, "given_maps": {}}
        live_job.run_live((*scan, Settings(QUICK), options), tmp_path, talk)
        return [one for one in news if "stage" not in one]

    return work
