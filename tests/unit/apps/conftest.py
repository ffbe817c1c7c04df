"""Installed apps as real packages, written to a temporary folder."""

import asyncio
import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings

JOURNAL = '''
"""What the hooks of the test's apps have done, in order."""
events = []
'''


@pytest.fixture
def app_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the search path; what was imported from it is forgotten afterwards."""
    root = tmp_path / "apps"
    root.mkdir()
    (root / "journal.py").write_text(JOURNAL)
    monkeypatch.syspath_prepend(root)
    yield root
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        if any(place is not None and Path(place).is_relative_to(root) for place in places):
            del sys.modules[name]


@pytest.fixture
def write_files(app_root: Path) -> Callable[[Mapping[str, str]], None]:
    """Write files below the folder; ``from journal import events`` gives their code the list of the test."""

    def write(files: Mapping[str, str]) -> None:
        for name, source in files.items():
            path = app_root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()

    return write


@pytest.fixture
def write_app(write_files: Callable[[Mapping[str, str]], None]) -> Callable[..., None]:
    """Write one package: ``write_app("shop", init="", lifecycle="...")``."""

    def write(app_name: str, *, init: str = "", **modules: str) -> None:
        folder = app_name.replace(".", "/")
        files = {f"{folder}/__init__.py": init}
        files.update({f"{folder}/{module}.py": source for module, source in modules.items()})
        write_files(files)

    return write


@pytest.fixture
def write_lifecycle_app(write_app: Callable[..., None]) -> Callable[..., None]:
    """Write a package whose three lifecycle hooks note ``<hook> <app>``; ``startup=""`` leaves that hook out."""

    def write(app_name: str, **hooks: str) -> None:
        kinds = {"ready": "def", "startup": "async def", "shutdown": "async def"}
        lines = ["import asyncio", "from journal import events"]
        for hook, definition in kinds.items():
            body = hooks.get(hook, f"events.append('{hook} {app_name}')")
            if body:
                lines += [f"{definition} {hook}():", textwrap.indent(textwrap.dedent(body).strip(), "    ")]
        write_app(app_name, lifecycle="\n".join(lines) + "\n")

    return write


@pytest.fixture
def events(app_root: Path) -> list[str]:
    """What the hooks have noted."""
    found: list[str] = importlib.import_module("journal").events
    return found


@pytest.fixture
def never() -> asyncio.Event:
    """An event that nobody sets, to wait for in vain."""
    return asyncio.Event()


@pytest.fixture
def configure(app_root: Path) -> Iterator[Callable[..., None]]:
    """State settings as a program would: ``configure(INSTALLED_APPS=("shop",))``; undone afterwards."""
    settings.reset()
    reset_setup()
    yield settings.configure
    reset_setup()
    settings.reset()
