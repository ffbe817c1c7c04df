"""Names that change with the content."""

from pathlib import Path
from typing import TYPE_CHECKING

from openviper.staticfiles.hashing import hashed_names, read_asset

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


def names_of(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashed_names(read_asset(p.relative_to(folder).as_posix(), p, base_url="/static/") for p in files)


def test_hash_stands_before_the_last_end(write: "Writer") -> None:
    """The first twelve digits of SHA-256; a file without an end gets them at its end."""
    names = names_of(write("a", {"css/site.min.css": "", "LICENSE": ""}))

    assert names == {"LICENSE": "LICENSE.e3b0c44298fc", "css/site.min.css": "css/site.min.e3b0c44298fc.css"}


def test_name_changes_with_what_is_referred_to(write: "Writer") -> None:
    """A style sheet gets another name when a picture behind another style sheet changes; a neighbour keeps its own."""
    files = {"a.css": "@import 'b.css'", "b.css": "x{y:url(x.png)}", "x.png": "1", "c.css": "z{}"}
    before = names_of(write("a", files))
    after = names_of(write("a", {"x.png": "2"}))

    assert [name for name in before if before[name] != after[name]] == ["a.css", "b.css", "x.png"]


def test_circle_of_modules_has_names(write: "Writer") -> None:
    """Scripts may import each other; a change in one renames both, and the same content gives the same names."""
    files = {"a.js": 'import "./b.js"', "b.js": 'import "./a.js"'}
    before = names_of(write("a", files))

    assert names_of(write("b", files)) == before
    after = names_of(write("a", {"b.js": 'import "./a.js"; 1'}))
    assert before["a.js"] != after["a.js"]
    assert before["b.js"] != after["b.js"]


def test_what_is_no_text_has_no_references(write: "Writer") -> None:
    """A style sheet in another encoding than UTF-8 is copied as it is."""
    folder = write("a", {"a.css": b"\xff url(x.png)"})

    asset = read_asset("a.css", folder / "a.css", base_url="/static/")

    assert asset.text is None
    assert asset.references == []
