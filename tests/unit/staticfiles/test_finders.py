"""Where static files lie, and which of them are found."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import settings
from openviper.staticfiles.finders import StaticFinder, find_below, is_left_out, is_safe, static_folders

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


def test_folders_of_the_project_come_before_those_of_the_apps(
    write: "Writer", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative ones start at the project's folder; apps follow in the order of the settings, the framework's too."""
    write("", {"lamps/__init__.py": "", "oil/__init__.py": ""})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    settings.configure(
        STATICFILES_DIRS=("assets", "", "/srv/brand"), INSTALLED_APPS=("oil", "openviper.auth", "lamps", "missing")
    )

    folders = static_folders()

    assert folders[:3] == (tmp_path / "assets", Path("/srv/brand"), tmp_path / "oil" / "static")
    assert folders[3].parts[-3:] == ("openviper", "auth", "static")
    assert folders[4:] == (tmp_path / "lamps" / "static",)


@pytest.mark.parametrize("entry", ["", ".", "..", "static/.."])
def test_folder_of_the_project_is_no_folder_of_static_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """Code and secrets lie in it."""
    monkeypatch.chdir(tmp_path)
    settings.configure(STATICFILES_DIRS=(entry, "assets"), INSTALLED_APPS=())

    assert static_folders() == (tmp_path / "assets",)


def test_first_folder_with_a_name_wins(write: "Writer") -> None:
    """A project replaces a file of an app by one of the same name in front of it."""
    first = write("first", {"site.css": "1"})
    second = write("second", {"site.css": "2", "more.css": "2"})
    finder = StaticFinder([first, second])

    assert finder.find("site.css") == first / "site.css"
    assert finder.find("more.css") == second / "more.css"
    scan = finder.scan()
    assert scan.files == {"more.css": second / "more.css", "site.css": first / "site.css"}
    assert scan.shadowed == [second / "site.css"]


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "",
        "a//b",
        "./site.css",
        "a\\..\\b",
        "a\0b",
        "a\nb",
        "x" * 5000,
        "a/",
    ],
)
def test_unsafe_name_is_not_found(write: "Writer", name: str) -> None:
    """Names that climb, are absolute or hold what no name may hold lead nowhere."""
    folder = write("static", {"site.css": ""})
    write("", {"secret": ""})

    assert not is_safe(name)
    assert StaticFinder([folder]).find(name) is None


@pytest.mark.parametrize("name", ["missing.css", "css", "x" * 400, "\ud800.css", "site.css/more"])
def test_what_is_no_file_is_not_found(write: "Writer", name: str) -> None:
    """Folders, names that are too long for a disk or that none can hold, and what is simply not there."""
    folder = write("static", {"site.css": "", "css/site.css": ""})

    assert StaticFinder([folder, folder / "gone"]).find(name) is None


@pytest.mark.parametrize(
    "name", [".env", ".git/config", "css/.hidden.css", "site.css~", "#site.css#", "a/Thumbs.db", "desktop.ini"]
)
def test_hidden_files_and_backups_are_left_out(write: "Writer", name: str) -> None:
    """They are neither served nor collected, at any depth."""
    folder = write("static", {name: "x", "site.css": ""})
    finder = StaticFinder([folder])

    assert is_left_out(name)
    assert finder.find(name) is None
    assert list(finder.scan().files) == ["site.css"]


def test_link_out_of_its_folder_is_not_followed(write: "Writer", tmp_path: Path) -> None:
    """Neither a file nor a folder outside is reached through a link (C-039a); one that stays inside is a file."""
    outside = write("outside", {"secret.txt": "", "deep/secret.txt": ""})
    folder = write("static", {"site.css": "", "css/more.css": ""})
    (folder / "file.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside)
    (folder / "alias.css").symlink_to("site.css")
    (folder / "styles").symlink_to("css")
    finder = StaticFinder([folder])

    assert finder.find("file.txt") is None
    assert finder.find("folder/secret.txt") is None
    assert finder.find("styles/more.css") == folder / "css" / "more.css"
    scan = finder.scan()
    assert list(scan.files) == ["alias.css", "css/more.css", "site.css", "styles/more.css"]
    assert scan.escapes == [folder / "file.txt", folder / "folder"]


def test_links_in_a_circle_end(write: "Writer") -> None:
    """A link to itself, one to a folder above and one to nothing are noted and passed over."""
    folder = write("static", {"css/site.css": ""})
    (folder / "self").symlink_to("self")
    (folder / "lost").symlink_to("nowhere")
    (folder / "css" / "up").symlink_to("..")
    finder = StaticFinder([folder])

    assert finder.find("self") is None
    scan = finder.scan()
    assert list(scan.files) == ["css/site.css"]
    assert scan.escapes == [folder / "lost", folder / "self", folder / "css" / "up"]


def test_folder_may_be_a_link_itself(write: "Writer", tmp_path: Path) -> None:
    """A deployment switches between releases by such a link."""
    release = write("releases/7", {"site.css": ""})
    (tmp_path / "current").symlink_to(release)

    assert find_below(tmp_path / "current", "site.css") == release / "site.css"


def test_name_that_no_address_can_hold_is_noted(write: "Writer") -> None:
    """A backslash or bytes that are no UTF-8 are left out of a collection."""
    folder = write("static", {"a\\b.css": "", "site.css": ""})
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.css")).touch()

    scan = StaticFinder([folder]).scan()

    assert list(scan.files) == ["site.css"]
    assert len(scan.nameless) == 2


def test_collected_files_are_not_found_again(write: "Writer") -> None:
    """A folder inside a source can be passed over."""
    folder = write("static", {"site.css": "", "collected/site.css": ""})

    assert list(StaticFinder([folder]).scan(without=folder / "collected").files) == ["site.css"]


@given(st.text())
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    """Whatever the name, the answer is a file below the folder or none."""
    folder = Path(__file__).parent

    path = find_below(folder, name)

    assert path is None or path.is_relative_to(folder)
