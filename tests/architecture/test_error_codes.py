"""Codes of the framework's errors, and the page that describes them: neither without the other."""

import importlib
import re
from collections.abc import Iterator

import pytest

from openviper.exceptions import HTTPException, NotFound, OpenViperError
from tests.architecture.source import ROOT, package

PAGE = "docs/reference/errors.md"
# A section is an anchor, a heading of the same text, the class in full, and what a reader came for.
SECTION = re.compile(
    r"^\((?P<code>[\w-]+)\)=\n### (?P<heading>[\w-]+)\n\n`(?P<kind>[\w.]+)`\n\n(?P<what>[^\n#*(].+?)\n\n"
    r"\*\*Usual causes\*\*\n\n(?P<causes>- .+?)\n\n\*\*What to do\*\*\n\n(?P<mend>[^\n#*(].+?)\n*(?=^\(|^## |\Z)",
    re.MULTILINE | re.DOTALL,
)


def kinds() -> list[type[OpenViperError]]:
    """Every error below the root that some module of the package defines."""
    for source in package():
        if not source.module.endswith("__main__"):
            importlib.import_module(source.module)
    found = {kind for kind in below(OpenViperError) if kind.__module__.startswith("openviper.")}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def below(kind: type[OpenViperError]) -> Iterator[type[OpenViperError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__qualname__)
def test_error_has_a_code_of_its_own(kind: type[OpenViperError]) -> None:
    """Each class states a code, in lower case with dashes, that no other has."""
    code = vars(kind).get("code")
    assert isinstance(code, str), f"{kind.__qualname__} states no code"
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", code)
    assert [other for other in KINDS if other.code == code] == [kind]


def test_every_code_is_described() -> None:
    """Each class has its section, with causes and mends, under the anchor of its code; and no section is left."""
    sections = list(SECTION.finditer((ROOT / PAGE).read_text(encoding="utf-8")))
    described = {section["code"]: section["kind"] for section in sections}
    assert described == {kind.code: f"{kind.__module__}.{kind.__qualname__}" for kind in KINDS}
    assert [section["code"] for section in sections if section["code"] != section["heading"]] == []
    assert len(sections) == len(described)


def test_every_heading_of_the_page_belongs_to_a_section() -> None:
    """A section that lacks a part is not passed over."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert len(re.findall(r"^### ", text, re.MULTILINE)) == len(SECTION.findall(text))


@pytest.mark.parametrize("lacking", ["**Usual causes**", "`openviper.exceptions.NotFound`", "(not-found)="])
def test_incomplete_section_is_found(lacking: str) -> None:
    """Without its causes, its class or its anchor a section is none."""
    whole = (
        "(not-found)=\n### not-found\n\n`openviper.exceptions.NotFound`\n\nNothing is here.\n\n"
        "**Usual causes**\n\n- A typing error.\n\n**What to do**\n\nLook at the list.\n"
    )
    assert len(SECTION.findall(whole)) == 1
    assert SECTION.findall(whole.replace(lacking, "")) == []


def test_error_tells_where_it_is_described() -> None:
    """The place is the page as it is built, with the code as anchor; the root describes no kind and has none."""
    assert NotFound().docs == "reference/errors.html#not-found"
    assert (ROOT / "docs" / "reference" / "errors.md").exists()
    assert OpenViperError().docs is None


def test_error_of_a_project_is_described_where_its_parent_is() -> None:
    """A class outside the framework inherits the code, may set one of its own, and points at a page that exists."""

    class TeapotError(HTTPException):
        """A project's own answer."""

    class ShopClosedError(NotFound):
        """A project's own answer with a code of its own."""

        code = "shop-closed"

    class PlainError(OpenViperError):
        """An error of a project that is no kind of the framework's."""

    assert (TeapotError(418).code, TeapotError(418).docs) == ("http-error", "reference/errors.html#http-error")
    assert (ShopClosedError().code, ShopClosedError().docs) == ("shop-closed", "reference/errors.html#not-found")
    assert (PlainError().code, PlainError().docs) == ("", None)
