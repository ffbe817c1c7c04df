"""A project with templates in a folder of the test's own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openviper.conf import settings
from openviper.templating import clear_globals, reset_templating


@pytest.fixture(autouse=True)
def fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget settings, templates and the modules of the test before and after."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    _forget()
    yield
    _forget()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]


def _forget() -> None:
    settings.reset()
    reset_templating()
    clear_globals()


@pytest.fixture
def configure() -> Callable[..., None]:
    """Settings of the test; production-like unless it says otherwise."""

    def configure(**fields: Any) -> None:
        settings.configure(**{"DEBUG": False, "MIDDLEWARE": ()} | fields)

    return configure


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], None]:
    """Write files below the folder of the project."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write
