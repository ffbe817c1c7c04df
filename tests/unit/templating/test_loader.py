"""From names to files, and never further."""

from pathlib import Path

import jinja2
import pytest

from openviper.templating.environment import Ingredients, build_environment
from openviper.templating.exceptions import TemplateError
from openviper.templating.loader import FolderLoader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "page.html").write_text("page")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt", "shop/../../secret.txt", "shop/../shop/page.html", "/shop/page.html", "shop//page.html",
        "./shop/page.html", "shop/./page.html", "..\\secret.txt", "shop\\page.html", "shop/page.html\0", "", "/", "..",
        "shop/page.html/",
    ],
)  # fmt: skip
def test_name_that_is_no_plain_path_is_refused(folder: Path, name: str) -> None:
    """A name that climbs, is absolute, or is a second spelling finds nothing, and the error says why."""
    loader = FolderLoader([folder])

    with pytest.raises(jinja2.TemplateNotFound, match="no path below a folder"):
        loader.get_source(jinja2.Environment(), name)


def test_folder_and_missing_file_are_no_templates(folder: Path) -> None:
    """Only a file is a template, and a name that no disk could hold is as missing as any other."""
    for name in ("shop", "none.html", f"{'x' * 300}.html", "x/" * 3000 + "x.html", "\ud800.html"):
        with pytest.raises(jinja2.TemplateNotFound):
            FolderLoader([folder]).get_source(jinja2.Environment(), name)


def test_link_out_of_the_folder_is_passed_over(folder: Path, tmp_path: Path) -> None:
    """A link to a file outside is not read, nor is one through a linked folder; the next folder is asked."""
    (folder / "leak.html").symlink_to(tmp_path / "secret.txt")
    (folder / "out").symlink_to(tmp_path)
    second = tmp_path / "second"
    second.mkdir()
    (second / "leak.html").write_text("mine")

    for name in ("leak.html", "out/secret.txt"):
        with pytest.raises(jinja2.TemplateNotFound, match="leads out of its folder"):
            FolderLoader([folder]).get_source(jinja2.Environment(), name)
    assert FolderLoader([folder, second]).get_source(jinja2.Environment(), "leak.html")[0] == "mine"


def test_link_inside_and_linked_folder_are_followed(folder: Path, tmp_path: Path) -> None:
    """A link from one template to another works, and the folder itself may be a link."""
    (folder / "alias.html").symlink_to(folder / "shop" / "page.html")
    (tmp_path / "linked").symlink_to(folder)

    assert FolderLoader([tmp_path / "linked"]).get_source(jinja2.Environment(), "alias.html")[0] == "page"


def test_include_cannot_climb(folder: Path) -> None:
    """A name inside a template is held to the same rule as one from code."""
    (folder.parent / "secret.html").write_text("secret")
    (folder / "page.html").write_text('{% include "../secret.html" %}')

    with pytest.raises(jinja2.TemplateNotFound):
        build_environment(Ingredients([folder])).get_template("page.html").render()


def test_file_that_is_not_utf8_names_itself(folder: Path) -> None:
    """A file in another encoding is an error that tells which file and where."""
    (folder / "latin.html").write_bytes(b"caf\xe9")

    with pytest.raises(TemplateError, match=r"latin\.html: it is not UTF-8 at byte 3"):
        FolderLoader([folder]).get_source(jinja2.Environment(), "latin.html")


def test_names_are_listed_once_and_sorted(folder: Path, tmp_path: Path) -> None:
    """Every file below the folders is listed by the name that it is found by."""
    second = tmp_path / "second" / "shop"
    second.mkdir(parents=True)
    (second / "page.html").write_text("")
    (second / "a.txt").write_text("")

    assert FolderLoader([folder, second.parent, tmp_path / "none"]).list_templates() == ["shop/a.txt", "shop/page.html"]


def test_text_is_current_until_the_file_changes(folder: Path) -> None:
    """A text is current as long as the same file has the same time, and not when it is gone."""
    page = folder / "shop" / "page.html"
    _, _, is_current = FolderLoader([folder]).get_source(jinja2.Environment(), "shop/page.html")
    assert is_current is not None
    states = [is_current()]

    page.touch()
    states.append(is_current())
    page.unlink()
    states.append(is_current())

    assert states == [True, False, False]
