"""A live session without a process: it keeps the commands, and a test says what it answers."""

from pathlib import Path

import numpy as np

from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.maps import Maps
from QSMLogic.pipeline.job_files import write_arrays, write_maps


class LiveProcess:
    """In place of the Process of the panel's part Live."""

    def __init__(self, live, folder):
        self.live, self.folder, self.running, self.sent, self.stopped = live, Path(folder), False, [], 0
        self.service = live.process.service
        live.process = self
        live.commands._send = self.send

    def start(self, prepare):
        self.running, self.sent = True, []
        for _step in prepare(self.folder):
            pass

    def stop(self):
        self.stopped += self.running
        self.running = False

    def send(self, command):
        self.sent.append(command["live"])

    def ready(self, reduction=(2, 2, 2), shape=(16, 20, 18), **more):
        self.shape, choices = shape, self.live.state.choices
        self.inversion = choices.get("invert", {}).get("method", "consensus")
        told = {"reduction": reduction, "settings": choices, "invert": self.inversion, "automatic": {}}
        self.live._hear({"ready": told | more})

    def answer(self, fill=0.1, update=None, **more):
        """Answer the last command, or another one, with a map of one value."""
        asked = self.sent[-1] if update is None else next(one for one in self.sent if one["update"] == update)
        n = asked["update"]
        news = {"update": n, "detail": asked["detail"]}
        if asked["detail"] == "coarse":
            inversion = asked["settings"].get("invert", {}).get("method", self.inversion)
            news |= {
                "array": f"coarse_{n}",
                "box": None,
                "seconds": 0.1,
                "invert": inversion,
                "values": {},
                "point": None,
            }
            write_arrays(self.folder, {news["array"]: np.full(self.shape, fill, np.float32)})
        else:
            news["folder"] = f"full_{n}"
            (self.folder / news["folder"]).mkdir(exist_ok=True)
            write_maps(self.folder / news["folder"], self.maps(fill))
        self.live._hear(news | more)
        return n

    def maps(self, fill):
        """Maps of one value on the grid of the scan, as a run has them."""
        scan = self.live._scan
        array, mask = np.full(scan.grid.shape, fill, np.float32), np.ones(scan.grid.shape, bool)
        record = {
            "scan": {"echo_times_s": scan.facts["echo_times_s"], "field_strength_t": scan.field_strength_t},
            "settings": {},
        }
        arrays = {e.name: mask if e.is_mask else array for e in CATALOGUE.values() if not e.optional}
        return Maps(grid=scan.grid, provenance=record, **arrays)
