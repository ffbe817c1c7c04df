"""Applications of a test of its own: settings, installed apps and modules as at the start of a process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings


@pytest.fixture(autouse=True)
def fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget settings, apps and the modules of the test before and after."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    settings.reset()
    reset_setup()
    yield
    settings.reset()
    reset_setup()
    for name in set(sys.modules) - before:
        if not name.startswith("openviper"):
            del sys.modules[name]


@pytest.fixture
def configure() -> Callable[..., None]:
    """Settings of the test, with no middleware unless it asks for some."""

    def configure(**fields: Any) -> None:
        settings.configure(**{"DEBUG": False, "MIDDLEWARE": ()} | fields)

    return configure


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write modules of a project by their dotted names; the packages around them are made."""

    def write(modules: dict[str, str]) -> None:
        for name, source in modules.items():
            path = (tmp_path / name.replace(".", "/")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent != tmp_path:
                (path.parent / "__init__.py").touch()
            path.write_text(source)

    return write
