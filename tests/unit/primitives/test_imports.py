"""Importing by name."""

import sys
from pathlib import Path

import pytest

from openviper.exceptions import MissingDependencyError
from openviper.primitives.imports import LateModule, import_string, module_exists, require


def test_dotted_path_gives_the_attribute() -> None:
    """A dotted path and its colon form name the same object."""
    assert import_string("pathlib.Path") is Path
    assert import_string("pathlib:Path.home") == Path.home


@pytest.mark.parametrize("path", ["", "os", ".path", "os.", "os.nothing_here", "no_such_module_at_all.x"])
def test_path_that_names_nothing_is_an_import_error(path: str) -> None:
    """Whatever is wrong with the path, the error is an ImportError."""
    with pytest.raises(ImportError):
        import_string(path)


def test_absent_package_names_its_extra() -> None:
    """The error says what to install and what asked for it."""
    with pytest.raises(MissingDependencyError, match=r'pip install "openviper\[redis\]"') as caught:
        require("no_such_redis.asyncio", extra="redis", needed_by="RedisCache")
    assert caught.value.extra == "redis"
    assert isinstance(caught.value, ImportError)


def test_present_package_with_a_missing_need_of_its_own_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is installed but broken reports its own missing import."""
    (tmp_path / "half_there.py").write_text("import not_there_either\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_either") as caught:
        require("half_there", extra="x", needed_by="X")
    assert not isinstance(caught.value, MissingDependencyError)


def test_module_existence_is_told_without_running_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module itself is not executed; a missing parent counts as absent; a parent's own error passes."""
    package = tmp_path / "existing_pkg"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "explosive.py").write_text("raise RuntimeError('ran')\n")
    (tmp_path / "broken_parent").mkdir()
    (tmp_path / "broken_parent" / "__init__.py").write_text("import absent_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert module_exists("existing_pkg.explosive")
    assert "existing_pkg.explosive" not in sys.modules
    assert not module_exists("existing_pkg.absent")
    assert not module_exists("absent_pkg.child")
    assert not module_exists("existing_pkg.explosive_not.child")
    with pytest.raises(ModuleNotFoundError, match="absent_dependency"):
        module_exists("broken_parent.child")


def test_late_module_is_loaded_by_the_first_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs when something of it is wanted, once, and is a plain module from then on."""
    (tmp_path / "late_one.py").write_text("answer = [42]\n")
    monkeypatch.syspath_prepend(tmp_path)
    late = LateModule("late_one")
    assert "late_one" not in sys.modules

    assert vars(late).get("answer") is None
    assert late.answer == [42]
    assert late.answer is sys.modules["late_one"].answer
    assert type(late) is type(sys)


def test_late_module_says_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is missing, or has no such name, is told as by an import."""
    (tmp_path / "late_two.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AttributeError, match="late_two"):
        _ = LateModule("late_two").nothing
    with pytest.raises(ModuleNotFoundError, match="late_absent"):
        _ = LateModule("late_absent").anything
