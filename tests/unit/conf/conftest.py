"""Settings of a test's own: an empty folder, no variables of the framework, modules that are forgotten afterwards."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openviper.conf.environment import BARE_NAMES
from openviper.conf.lazy import LazySettings


@pytest.fixture(autouse=True)
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in an empty folder that can be imported from, without variables that settings read."""
    for name in list(os.environ):
        if name.startswith("OPENVIPER_") or name in BARE_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("openviper"):
            del sys.modules[name]


@pytest.fixture
def settings() -> Iterator[LazySettings]:
    """A settings object as a new process has it."""
    settings = LazySettings()
    yield settings
    settings.reset()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of the project; the packages around a module are made."""

    def write(path: str, text: str) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in target.relative_to(tmp_path).parents[:-1]:
            (tmp_path / folder / "__init__.py").touch()
        target.write_text(textwrap.dedent(text))
        # Files of one second and one size look alike to Python's cache of compiled modules.
        os.utime(target, ns=(next(_instants), next(_instants)))
        return target

    return write


_instants = iter(range(1_000_000_000_000_000_000, 2_000_000_000_000_000_000, 10_000_000_000))


@pytest.fixture
def load(
    settings: LazySettings, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], LazySettings]:
    """Write the settings module, name it in the environment and load it."""

    def load(source: str) -> LazySettings:
        write("shop_settings.py", source)
        monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop_settings")
        settings.setup(force=True)
        return settings

    return load
