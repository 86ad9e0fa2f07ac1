"""A headless Chromium without any package: it is driven through a pipe by the DevTools protocol."""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 60
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "Home": 36, "Enter": 13, "Escape": 27}


def find_browser():
    """The path of a Chromium; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _box_of(selector):
    return f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"


def _pipe():
    """The two ends of a pipe, beyond the numbers that the browser's ends will have."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved


class Browser:
    """A page in a headless Chromium, with its own profile in a folder.

    Parameters
    ----------
    folder : Path
        For the profile and for downloads.
    size : tuple of int
        Width and height of the window in px.
    """

    def __init__(self, folder, size=(1400, 900)):
        self.folder, self.asked, self.events = folder, 0, []
        theirs, self._out = _pipe()
        self._in, answers = _pipe()
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe")
        command = [find_browser(), *options, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
        pipes = [(os.POSIX_SPAWN_DUP2, theirs, 3), (os.POSIX_SPAWN_DUP2, answers, 4)]  # as the protocol wants them
        self.process = os.posix_spawn(command[0], command, os.environ, file_actions=[*quiet, *pipes])
        os.close(theirs)
        os.close(answers)
        self.rest, self.session = b"", None
        self._attach(size)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self._in)
        os.close(self._out)

    def call(self, method, **parameters):
        """The result of a method of the DevTools protocol."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": parameters}
        message |= {"sessionId": self.session} if self.session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.asked:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, path):
        """Open a file. Returns the seconds until it was loaded and drawn."""
        start = time.monotonic()
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait_for("Page.loadEventFired")
        self.evaluate("new Promise(then => requestAnimationFrame(() => setTimeout(then, 0)))")
        return time.monotonic() - start

    def wait_for(self, method):
        """Wait for an event of the protocol, and return its parameters."""
        while True:
            for event in self.events:
                if event.get("method") == method:
                    return event["params"]
            self.events.append(self._read())

    def evaluate(self, script):
        """The value of a JavaScript expression, or of its promise."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def press(self, *keys):
        """Press and release keys, by their names in JavaScript."""
        for key in keys:
            code = KEYS.get(key) or ord(key.upper())
            shared = {"key": key, "windowsVirtualKeyCode": code}
            text = {"text": key} if len(key) == 1 else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", **shared, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def type(self, text):
        """Type text where the focus is."""
        self.call("Input.insertText", text=text)

    def click(self, selector):
        """Press and release the mouse in the middle of an element."""
        box = self.evaluate(f"(at => [at.x + at.width / 2, at.y + at.height / 2])({_box_of(selector)})")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def resize(self, width, height):
        options = {"deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, **options)

    def screenshot(self, path):
        """Save what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _attach(self, size):
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.folder), eventsEnabled=True)
        self.resize(*size)

    def _read(self):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self._in], [], [], PATIENCE_S)
            read = os.read(self._in, 1 << 16) if ready else b""
            if not read:
                raise RuntimeError("The browser has ended." if ready else f"No answer in {PATIENCE_S} s.")
            self.rest += read
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)
