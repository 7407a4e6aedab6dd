"""A page in headless Chromium: real pointer and keys, and all that it logs or asks a network for.

Over the DevTools protocol on two pipes, so that nothing but the browser is needed.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--remote-debugging-pipe")  # fmt: skip
PATIENCE = 60.0  # seconds for one answer
KEYS = {"Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, " ": 32, "Enter": 13}


class Browser:
    """One page of a browser."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read, self._rest, self._number = write, read, b"", 0
        self.events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{part}.enable")

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": arguments}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + PATIENCE)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.events.append(answer)

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = until - time.monotonic()
            assert left > 0, "the browser does not answer"
            if select.select([self._read], [], [], left)[0]:
                self._rest += os.read(self._read, 1 << 20)
        found, self._rest = self._rest.split(b"\0", 1)
        return json.loads(found)

    def open(self, page: Path, *, width: int = 1200, scripts: bool = True) -> None:
        """Load a file and wait for the condition that its scripts have drawn."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        self.wait("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        made = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.ask(f"Boolean({expression})"):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.1)

    def press(self, key: str) -> None:
        """A key, down and up."""
        typed = {" ": " ", "Enter": "\r"}.get(key)
        code = {"key": key, "windowsVirtualKeyCode": KEYS[key], "code": "Space" if key == " " else key}
        down = {"type": "keyDown", "text": typed} if typed else {"type": "rawKeyDown"}
        self.call("Input.dispatchKeyEvent", **code, **down)
        self.call("Input.dispatchKeyEvent", **code, type="keyUp")

    def point(self, selector: str) -> None:
        """Move the pointer to the middle of an element, scrolled into view."""
        x, y = self.ask(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    @property
    def complaints(self) -> list[Any]:
        """All warnings and errors since the page was opened."""
        found = []
        for event in self.events:
            method, said = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown" or (
                method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert")
            ):
                found.append(said)
            if method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
                found.append(said["entry"])
        return found

    @property
    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened, but for what lies in the page itself."""
        asked = [
            e["params"]["request"]["url"]
            for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("data:", "blob:"))]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own; skips where none is installed.

    Args:
        profile: a folder for it.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None or os.name == "nt":
        pytest.skip(f"no browser of {', '.join(NAMES)} is installed")
    from_here, to_here = os.pipe(), os.pipe()
    command = [program, *FLAGS, f"--user-data-dir={profile}"]
    # The protocol reads from descriptor 3 and writes to 4.
    shell = f'exec 3<&{from_here[0]} 4>&{to_here[1]}; exec "$@"'
    process = subprocess.Popen(
        ["/bin/bash", "-c", shell, "browser", *command],
        pass_fds=(from_here[0], to_here[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(from_here[0])
    os.close(to_here[1])
    try:
        yield Browser(from_here[1], to_here[0])
    finally:
        os.close(from_here[1])
        process.terminate()
        process.wait(30)
        os.close(to_here[0])
