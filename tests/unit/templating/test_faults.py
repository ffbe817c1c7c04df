"""Errors of templates: file, line and reason in one message."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.exceptions import NotFound
from openviper.templating import TemplateError, TemplateNotFoundError, register_global, render_to_string

Write = Callable[[dict[str, str]], None]


@pytest.fixture(autouse=True)
def configured(configure: Callable[..., None]) -> None:
    configure()


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{% for x in y %}", 3, "Unexpected end of template"),
        ("{{ x|nofilter }}", 1, "nofilter"),
        ("a\n{{ naem }}", 2, "'naem' is undefined"),
        ("a\n\n\n{{ ''.__class__ }}", 4, "unsafe"),
        ("a\n{{ url_for('x') }}", 2, "needs the request"),
        ("a\n{% for n in range(100001) %}{% endfor %}", 2, "100000"),
    ],
)
def test_fault_names_file_and_line(source: str, line: int, text: str, write: Write, tmp_path: Path) -> None:
    """A fault of syntax, a name, the sandbox or a function of ours tells where it stands."""
    write({"templates/page.html": source})

    with pytest.raises(TemplateError, match=text) as caught:
        render_to_string("page.html")

    path = tmp_path / "templates" / "page.html"
    assert (caught.value.path, caught.value.line) == (path, line)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for a in b %}" * 22 + "{% endfor %}" * 22, "too many statically nested blocks"),
        ("{% if a %}" * 150 + "{% endif %}" * 150, "too many levels of indentation"),
        (f"{{{{ {'(' * 3000}1{')' * 3000} }}}}", "recursion"),
    ],
)
def test_template_that_python_cannot_compile_is_named(source: str, reason: str, write: Write, tmp_path: Path) -> None:
    """Deeper nesting than Python's own limits allow is told as such, with the file."""
    write({"templates/page.html": source})

    with pytest.raises(TemplateError, match=f"nested too deeply.*{reason}") as caught:
        render_to_string("page.html")

    assert (caught.value.path, caught.value.line) == (tmp_path / "templates" / "page.html", None)


def test_overflow_of_a_function_is_its_own(write: Write) -> None:
    """Only the range of the sandbox speaks for the template."""
    register_global("power", lambda: math.exp(1000))
    write({"templates/page.html": "{{ power() }}"})

    with pytest.raises(OverflowError, match="math range"):
        render_to_string("page.html")


@pytest.mark.parametrize("broken", ["{% if %}", "{{ naem }}"])
def test_fault_of_an_included_template_is_told_of_that_one(broken: str, write: Write, tmp_path: Path) -> None:
    """The file that is wrong is named, not the one that includes it."""
    write({"templates/page.html": '\n\n{% include "part.html" %}', "templates/part.html": f"\n{broken}"})

    with pytest.raises(TemplateError) as caught:
        render_to_string("page.html")

    assert (caught.value.path, caught.value.line) == (tmp_path / "templates" / "part.html", 2)


@pytest.mark.parametrize(
    "tag", ['{% include "gone.html" %}', '{% extends "gone.html" %}', '{% import "gone.html" as x %}']
)
def test_missing_template_is_told_with_who_asked(tag: str, write: Write, tmp_path: Path) -> None:
    """A template that another one names and that is nowhere is told with the line that names it."""
    write({"templates/page.html": f"\n{tag}"})

    with pytest.raises(TemplateNotFoundError) as caught:
        render_to_string("page.html")

    page = tmp_path / "templates" / "page.html"
    assert (caught.value.name, caught.value.path, caught.value.line) == ("gone.html", page, 2)
    assert str(page.parent) in str(caught.value).partition("gone.html")[2]


def test_missing_template_is_a_lookup_error(tmp_path: Path) -> None:
    """The message lists the folders; no template is named as the one that asked."""
    with pytest.raises(LookupError) as caught:
        render_to_string("nope.html")

    assert str(caught.value) == f"template 'nope.html' cannot be found: it is in none of {tmp_path / 'templates'}"


def test_refused_name_says_why() -> None:
    """A name that climbs is not told as merely missing."""
    with pytest.raises(TemplateNotFoundError, match="no path below a folder of templates"):
        render_to_string("../settings.py")


@pytest.mark.parametrize(
    "files",
    [
        {"a.html": '{% include "a.html" %}'},
        {"a.html": '{% include "b.html" %}', "b.html": '{% include "a.html" %}'},
        {"a.html": '{% extends "a.html" %}'},
        {"a.html": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"},
    ],
)
def test_templates_without_end_are_named(files: dict[str, str], write: Write) -> None:
    """A loop of include or extends, and a macro that calls itself, are one message with the files in the loop."""
    write({f"templates/{name}": text for name, text in files.items()})

    with pytest.raises(TemplateError, match="nest without end") as caught:
        render_to_string("a.html")

    assert all(name in str(caught.value) for name in files)


def test_recursion_of_a_function_is_its_own(write: Write) -> None:
    """A function that calls itself without end is not blamed on the template."""

    def endless() -> object:
        return endless()

    register_global("endless", endless)
    write({"templates/page.html": "{{ endless() }}"})

    with pytest.raises(RecursionError):
        render_to_string("page.html")


def test_error_of_a_function_passes_through(write: Write) -> None:
    """What a called function raises reaches the caller as it is, such as an answer of 404."""

    def find(name: str) -> object:
        raise NotFound(f"no {name}")

    register_global("find", find)
    write({"templates/page.html": "{{ find('book') }}"})

    with pytest.raises(NotFound, match="no book"):
        render_to_string("page.html")
