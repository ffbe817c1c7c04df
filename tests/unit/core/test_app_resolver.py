"""From installed apps to folders, without importing them."""

import importlib
import importlib.util
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from openviper.conf import settings
from openviper.core.app_resolver import AppResolver

Write = Callable[..., Path]
EXPLODE = "raise RuntimeError('an app must not be run to be found')\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the search path; what was imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.fixture
def write(root: Path) -> Write:
    """Write modules that fail when they are run; returns the folder of the last one."""

    def write(*names: str, source: str = EXPLODE) -> Path:
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        importlib.invalidate_caches()
        return (root / names[-1]).parent

    return write


def test_folders_come_in_the_order_of_the_settings(write: Write) -> None:
    """Packages and flat modules are found; what is missing is left out; nothing is run (C-003, C-004, C-014)."""
    blog = write("myproject/__init__.py", "myproject/blog/__init__.py")
    shop = write("shop/__init__.py")
    flat = write("flat.py")
    entries = ("shop", "nowhere_at_all", "myproject.blog", "flat", "shop", "myproject.nowhere")

    with settings.overridden(INSTALLED_APPS=entries):
        folders = AppResolver().get_app_dirs()

    assert folders == [shop, blog, flat]
    assert not {"myproject", "myproject.blog", "shop", "flat"} & set(sys.modules)


def test_without_apps_there_are_no_folders() -> None:
    """An empty setting gives an empty list (C-004)."""
    with settings.overridden(INSTALLED_APPS=()):
        assert AppResolver().get_app_dirs() == []


def test_parents_are_not_run(write: Write) -> None:
    """An app deep inside packages that would fail to import is found all the same (C-014)."""
    folder = write("one/__init__.py", "one/two/__init__.py", "one/two/three/__init__.py")

    assert AppResolver().resolve("one.two.three") == folder


def test_flat_module_inside_a_package_lies_in_its_folder(write: Write) -> None:
    """A single-file app gives the folder that it lies in (C-003)."""
    folder = write("one/__init__.py", "one/single.py")

    assert AppResolver().resolve("one.single") == folder


def test_nothing_lies_inside_a_flat_module(write: Write) -> None:
    """A name below a single file is not found (C-014)."""
    write("single.py", "part.py")

    assert AppResolver().resolve("single.part") is None


@pytest.mark.parametrize(
    "name",
    [
        "..", "../secret", "/etc", "a/b", "a\\b", "", ".", "a.", ".a", "a..b", "a b", "a\0b", "C:\\apps", "~", "*",
        "one.../two", "one./two",
    ],
)  # fmt: skip
def test_name_that_is_none_gives_no_folder(write: Write, name: str) -> None:
    """No name with dots of a path, a separator or a NUL leads anywhere (C-014)."""
    write("one/__init__.py", "one/two/__init__.py")

    assert AppResolver().resolve(name) is None


def test_folders_without_init_are_packages(write: Write, root: Path) -> None:
    """A folder that Python takes for a package is found, at any depth, and with a package inside (C-003)."""
    write("bare/inner/deep/__init__.py")
    write("real/__init__.py", "real/inner/module.py")
    resolver = AppResolver()

    found = [resolver.resolve(name) for name in ("bare", "bare.inner", "bare.inner.deep", "real.inner", "real.nowhere")]

    assert found == [root / "bare", root / "bare/inner", root / "bare/inner/deep", root / "real/inner", None]
    assert resolver.resolve("real.inner.module") == root / "real/inner"


def test_package_spread_over_folders_gives_the_first(write: Write, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a package in several places the first folder counts (C-003)."""
    write("second/spread/two.py")
    write("first/spread/one.py")
    monkeypatch.syspath_prepend(root / "second")
    monkeypatch.syspath_prepend(root / "first")

    assert AppResolver().resolve("spread") == root / "first/spread"


def test_loaded_app_is_asked_for_its_own_path(write: Write, root: Path) -> None:
    """What is imported already is found where it was loaded from, whatever the search path says (C-003)."""
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "inner.py").touch()
    loaded = ModuleType("loaded")
    loaded.__path__ = [str(elsewhere)]
    sys.modules["loaded"] = loaded
    write("loaded/__init__.py")
    resolver = AppResolver()

    assert resolver.resolve("loaded") == elsewhere
    assert resolver.resolve("loaded.inner") == elsewhere


def test_blocked_name_is_not_found(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that Python is told not to import gives no folder (C-014)."""
    write("blocked/__init__.py")
    monkeypatch.setitem(sys.modules, "blocked", None)

    assert AppResolver().resolve("blocked") is None


class EditableFinder:
    """A finder as editable installs use it: it knows the folder of one package."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find that package, and nothing else."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.folder / "__init__.py")


def test_custom_finders_are_asked(write: Write, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that only a finder on sys.meta_path knows is found, and so is what lies inside it (C-003)."""
    write("checkout/source/__init__.py", "checkout/source/inner/__init__.py")
    monkeypatch.setattr(sys, "meta_path", [EditableFinder("editable", root / "checkout/source"), *sys.meta_path])
    resolver = AppResolver()

    assert resolver.resolve("editable") == root / "checkout/source"
    assert resolver.resolve("editable.inner") == root / "checkout/source/inner"


def test_failing_finder_is_not_hidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a foreign finder is not taken for a missing app."""

    class Broken:
        def find_spec(self, fullname: str, path: object, target: object = None) -> None:
            raise KeyError("registry of the finder")

    monkeypatch.setattr(sys, "meta_path", [object(), Broken()])

    with pytest.raises(KeyError, match="registry of the finder"):
        AppResolver().resolve("anything")


def test_app_in_no_folder_is_left_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in module and a package inside a zip file have no folder (C-014)."""
    archive = root / "apps.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped/__init__.py", "")
    monkeypatch.syspath_prepend(archive)

    assert AppResolver().resolve("_imp") is None
    assert AppResolver().resolve("zipped") is None


def test_folder_is_absolute_for_a_relative_search_path(
    write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry of the search path means the working directory, and the answer is absolute (C-003)."""
    write("work/nearby/__init__.py")
    monkeypatch.chdir(root / "work")
    monkeypatch.setattr(sys, "path", ["", *sys.path])

    assert AppResolver().resolve("nearby") == root / "work/nearby"
