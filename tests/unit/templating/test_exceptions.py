"""Errors of templates."""

from pathlib import Path

from openviper.exceptions import OpenViperError
from openviper.templating.exceptions import TemplateError, TemplateNotFoundError


def test_errors_are_the_builtins_that_a_caller_expects() -> None:
    """A missing template is a LookupError, and any fault a RuntimeError."""
    assert issubclass(TemplateError, OpenViperError)
    assert issubclass(TemplateError, RuntimeError)
    assert issubclass(TemplateNotFoundError, TemplateError)
    assert issubclass(TemplateNotFoundError, LookupError)


def test_fault_says_as_much_of_its_place_as_is_known() -> None:
    """A template from text has no file, and some faults have no line."""
    assert str(TemplateError("odd")) == "the template: odd"
    assert str(TemplateError("odd", path=Path("/a.html"))) == "/a.html: odd"
    assert str(TemplateError("odd", path=Path("/a.html"), line=3)) == "/a.html, line 3: odd"


def test_missing_template_without_folders_says_so() -> None:
    """An environment that searches nowhere says that rather than an empty list."""
    error = TemplateNotFoundError("a.html", searched=())

    assert str(error) == "template 'a.html' cannot be found: no folder of templates is known"
    assert (error.path, error.line, error.searched) == (None, None, ())
