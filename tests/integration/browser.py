"""A real browser: Chromium without a window, driven through ChromeDriver with plain HTTP (W3C WebDriver)."""

import http.client
import json
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tests.integration.processes import PATIENCE, Server

#: Whether tests have to do without one; where REQUIRE_SERVICES is set they fail over it in place of being skipped.
IS_MISSING: Final = any(shutil.which(name) is None for name in ("chromium", "chromedriver")) and not os.environ.get(
    "REQUIRE_SERVICES"
)

# Without a sandbox, since tests run as root in containers, and without anything that asks hosts of its maker.
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,1400",
)
# The key under which the protocol gives the id of an element.
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window; use it as a context manager.

    Args:
        home: An empty folder for its profile.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._driver = Server(["chromedriver", "--port=0"], home)
        self._port = 0
        self._session = ""

    def __enter__(self) -> Self:
        self._driver.__enter__()
        try:
            self._port = int(self._driver.wait_for(r"started successfully on port (\d+)")[0][1])
            flags = [*_FLAGS, f"--user-data-dir={self._home / 'profile'}"]
            options = {"goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"}}
            found = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": options}})
            self._session = f"/session/{found['sessionId']}"
            # What is looked for may come with the page that a click has asked for.
            self._ask("POST", f"{self._session}/timeouts", {"implicit": int(PATIENCE * 1000)})
        except BaseException:
            self._driver.__exit__()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask("DELETE", self._session)
        finally:
            self._driver.__exit__()

    def open(self, url: str) -> None:
        """Go to an address and wait until the page is loaded, its pictures and styles included."""
        self._ask("POST", f"{self._session}/url", {"url": url})

    def wait_for(self, path: str) -> None:
        """Wait until the page of a path is loaded, such as after a click.

        Raises:
            AssertionError: The patience is at its end; the message is where the browser is.
        """
        end = time.monotonic() + PATIENCE
        here = ""
        while time.monotonic() < end:
            here = urlsplit(self._ask("GET", f"{self._session}/url")).path
            if here == path and self.run("return document.readyState") == "complete":
                return
        raise AssertionError(f"the browser is at {here}, not at {path}")

    def read(self, selector: str) -> str:
        """Give the text of an element, waiting for it if it is not there yet."""
        return str(self._ask("GET", f"{self._find(selector)}/text"))

    def fill(self, selector: str, text: str) -> None:
        """Type into a field, in place of what is in it."""
        field = self._find(selector)
        self._ask("POST", f"{field}/clear", {})
        self._ask("POST", f"{field}/value", {"text": text})

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file to be sent."""
        self._ask("POST", f"{self._find(selector)}/value", {"text": str(path)})

    def click(self, selector: str) -> None:
        """Click; the page that it leads to may take a moment."""
        self._ask("POST", f"{self._find(selector)}/click", {})

    def run(self, script: str) -> Any:
        """Run a script in the page and give what it returns."""
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def complaints(self) -> list[str]:
        """What the console has said since the last call: errors of scripts, of policies and of loading."""
        found = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in found]

    def _find(self, selector: str) -> str:
        found = self._ask("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return f"{self._session}/element/{found[_ELEMENT]}"

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            value = json.loads(response.read())["value"]
        finally:
            connection.close()
        assert response.status == 200, f"{method} {path}: {value}"
        return value
