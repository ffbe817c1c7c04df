"""An exception as text."""

import pytest

from openviper.exceptions import NotFound
from openviper.middleware.debug.text import class_name, place_in_documentation, traceback_text, tried


def _raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_text_is_the_traceback_with_the_place_of_its_description() -> None:
    """It is what Python writes, and names where errors of the framework are described."""
    text = traceback_text(_raised(NotFound("no book")))
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith("NotFound: 404: no book\nsee: reference/errors.html#not-found\n")
    assert "see:" not in traceback_text(ValueError("x"))


def test_long_text_keeps_both_ends() -> None:
    """A message of megabytes does not make a page of megabytes."""
    text = traceback_text(_raised(ValueError("x" * 3_000_000 + "the end")))
    assert len(text) < 101_000
    assert text.startswith("Traceback")
    assert text.endswith("the end\n")
    assert "characters left out" in text


def test_error_that_python_cannot_write_is_outlined() -> None:
    """A loader that fails to give a source leaves calls without lines, and the name and message of the error."""

    class Loader:
        def get_source(self, name: str) -> str:
            raise RuntimeError(name)

    names: dict[str, object] = {"__name__": "odd", "__loader__": Loader()}
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("1 / 0", "/odd.py", "exec"), names)
    text = traceback_text(caught.value)
    assert 'File "/odd.py", line 1, in <module>' in text
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_names_of_classes_have_their_module() -> None:
    """Builtins go by their name alone."""
    assert (class_name(ValueError), class_name(NotFound)) == ("ValueError", "openviper.exceptions.NotFound")
    assert place_in_documentation(ValueError()) is None


def test_interruption_of_the_process_is_no_fault_of_a_class() -> None:
    """Whatever else is raised gives the other value; a pressed Ctrl-C goes on."""

    def fail(error: BaseException) -> str:
        raise error

    assert tried(lambda: fail(SystemExit()), "other") == "other"
    with pytest.raises(KeyboardInterrupt):
        tried(lambda: fail(KeyboardInterrupt()), "other")
