"""The folder of collected files."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.staticfiles.destination import Destination, refuse_clearing, refuse_destination
from openviper.staticfiles.exceptions import StaticFilesError

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_copy_has_content_time_and_readers(write: "Writer", tmp_path: Path) -> None:
    """A copy has the time of its source and may be read by whom the umask lets."""
    source = write("static", {"site.css": "a"}) / "site.css"

    assert Destination(tmp_path / "out").put("css/site.css", source, digest("a"))

    copy = tmp_path / "out/css/site.css"
    assert copy.read_text() == "a"
    assert copy.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert copy.stat().st_mode == source.stat().st_mode
    assert [path.name for path in copy.parent.iterdir()] == ["site.css"]


def test_same_content_is_not_written_again(write: "Writer", tmp_path: Path) -> None:
    """Content decides, not time; a destination that writes anew does so all the same."""
    source = write("static", {"site.css": "a"}) / "site.css"
    write("out", {"site.css": "a"})

    assert not Destination(tmp_path / "out").put("site.css", source, digest("a"))
    assert Destination(tmp_path / "out", anew=True).put("site.css", source, digest("a"))


def test_source_that_changes_meanwhile_is_refused(write: "Writer", tmp_path: Path) -> None:
    """The content belongs to the name, or nothing is written."""
    source = write("static", {"site.css": "later"}) / "site.css"

    with pytest.raises(StaticFilesError, match="changed while it was collected"):
        Destination(tmp_path / "out").put("site.css", source, digest("earlier"))
    assert list((tmp_path / "out").iterdir()) == []


def test_link_in_the_folder_is_not_written_through(write: "Writer", tmp_path: Path) -> None:
    """A link to a file is replaced; one to a folder is refused, or removed where everything is written anew."""
    source = write("static", {"site.css": "a"}) / "site.css"
    outside = write("outside", {"site.css": "kept"})
    out = write("out", {})
    (out / "site.css").symlink_to(outside / "site.css")
    (out / "css").symlink_to(outside)

    assert Destination(out).put("site.css", source, digest("a"))
    with pytest.raises(StaticFilesError, match="stands in the way"):
        Destination(out).put("css/site.css", source, digest("a"))
    assert Destination(out, anew=True).put("css/site.css", source, digest("a"))

    assert (outside / "site.css").read_text() == "kept"
    assert (out / "css/site.css").read_text() == "a"
    assert not (out / "css").is_symlink()


def test_folder_where_a_file_belongs(write: "Writer", tmp_path: Path) -> None:
    """What was a folder earlier may become a file only where everything is written anew."""
    source = write("static", {"site": "a"}) / "site"
    out = write("out", {"site/old.css": ""})

    with pytest.raises(StaticFilesError, match="stands in the way"):
        Destination(out).put("site", source, digest("a"))
    assert Destination(out, anew=True, dry_run=True).put("site", source, digest("a"))
    assert (out / "site").is_dir()
    assert Destination(out, anew=True).put("site", source, digest("a"))
    assert (out / "site").is_file()


def test_pruning_keeps_what_is_named(write: "Writer", tmp_path: Path) -> None:
    """Other files, links and empty folders go; nothing behind a link does."""
    outside = write("outside", {"kept.txt": ""})
    out = write("out", {"a.css": "", "b/c.css": "", "d/e/f.css": ""})
    (out / "link").symlink_to(outside)
    (out / ".collect-0123").touch()

    assert Destination(out, dry_run=True).prune({"a.css"}) == ["b/c.css", "d/e/f.css", "link"]
    assert Destination(out).prune({"a.css"}) == ["b/c.css", "d/e/f.css", "link"]

    assert [path.name for path in out.iterdir()] == ["a.css"]
    assert (outside / "kept.txt").exists()


@pytest.mark.parametrize("folder", ["/", "~", ".", ".."])
def test_folder_that_holds_something_else_is_refused(tmp_path: Path, folder: str) -> None:
    """The root of a disk, the home folder, the project's folder and those above are no place for collected files."""
    place = Path.home() if folder == "~" else tmp_path / "shop" / folder

    with pytest.raises(StaticFilesError, match="collect into a folder of its own"):
        refuse_destination(place, [], clear=False, protected=[tmp_path / "shop"])


def test_source_is_no_destination(write: "Writer", tmp_path: Path) -> None:
    """Collecting would overwrite its own sources."""
    folder = write("static", {})

    with pytest.raises(StaticFilesError, match="one of the folders that files come from"):
        refuse_destination(tmp_path / "x" / ".." / "static", [folder], clear=False)


@pytest.mark.parametrize(("target", "source"), [("static/out", "static"), ("out", "out/static")])
def test_overlapping_folder_is_not_cleared(tmp_path: Path, target: str, source: str) -> None:
    """It may be collected into, and clearing it would delete sources."""
    refuse_destination(tmp_path / target, [tmp_path / source], clear=False)

    with pytest.raises(StaticFilesError, match="overlaps"):
        refuse_destination(tmp_path / target, [tmp_path / source], clear=True)


def test_link_is_not_cleared(write: "Writer", tmp_path: Path) -> None:
    """Whoever made the link may have meant something else by what lies behind it."""
    (tmp_path / "link").symlink_to(write("out", {}))

    refuse_destination(tmp_path / "link", [], clear=False)
    with pytest.raises(StaticFilesError, match="is a link"):
        refuse_destination(tmp_path / "link", [], clear=True)


def test_file_is_no_destination(write: "Writer", tmp_path: Path) -> None:
    """The setting names a folder."""
    with pytest.raises(StaticFilesError, match="is a file"):
        refuse_destination(write("", {"out": ""}) / "out", [], clear=False)


@pytest.mark.parametrize("target", ["media", "media/static", "."])
@pytest.mark.parametrize("clear", [True, False])
def test_uploads_are_kept_apart(tmp_path: Path, target: str, clear: bool) -> None:
    """Neither in the folder of uploads nor around it: files of users would be served, or deleted."""
    with pytest.raises(StaticFilesError, match="MEDIA_ROOT"):
        refuse_destination(tmp_path / "x" / target, [], clear=clear, uploads=tmp_path / "x/media")
    refuse_destination(tmp_path / "x/media2", [], clear=clear, uploads=tmp_path / "x/media")


@pytest.mark.parametrize("name", [".git/config", "deep/.env", "app/models.py", "data.sqlite3", "x/A.DB"])
def test_folder_of_something_else_is_not_cleared(write: "Writer", tmp_path: Path, name: str) -> None:
    """A mistaken STATIC_ROOT does not cost a repository, a program or a database."""
    out = write("out", {name: "", "a.css": ""})

    with pytest.raises(StaticFilesError, match="it is not cleared"):
        refuse_clearing(out, ["a.css"])
    assert (out / name).exists()
    write("out", {"staticfiles.json": "{}"})
    refuse_clearing(out, [])


def test_program_that_is_a_static_file_is_no_program(write: "Writer") -> None:
    """Browsers run Python, too."""
    refuse_clearing(write("out", {"app/main.py": ""}), ["app/main.py"])


def test_folder_with_files_for_a_site_is_cleared(write: "Writer", tmp_path: Path) -> None:
    """What an earlier collection without a list has left, and the rest of one that was interrupted."""
    refuse_clearing(tmp_path / "missing", [])
    refuse_clearing(write("out", {"old.css": "", "img/a.png": "", ".collect-0123": ""}), [])
