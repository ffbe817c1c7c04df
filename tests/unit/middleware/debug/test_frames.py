"""An exception taken apart."""

import linecache
import traceback
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from openviper.exceptions import NotFound
from openviper.middleware.debug.frames import Failure, read_failures, working_directory
from openviper.primitives.json import decode


def _caught(work: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        work()
    return caught.value


def _first(work: Callable[[], object]) -> Failure:
    return read_failures(_caught(work))[0]


def test_frame_has_place_source_and_variables() -> None:
    """The most recent call comes first, with the lines around it and what its names stood for."""

    def divide(number: int) -> float:
        api_key = "hunter2"
        return number / len(api_key[:0])

    failure = _first(lambda: divide(7))
    frame = failure.frames[0]
    current = next(line for line in frame.source if line.is_current)
    assert (failure.kind, failure.message) == ("ZeroDivisionError", "division by zero")
    assert frame.place == "tests/unit/middleware/debug/test_frames.py"
    assert frame.function.endswith("divide")
    assert (current.number, current.text.strip()) == (frame.line, "return number / len(api_key[:0])")
    assert dict(frame.variables) == {"number": "7", "api_key": "***"}
    assert [one.function.rpartition(".")[2] for one in failure.frames] == ["divide", "<lambda>", "_caught"]


def test_shown_lines_lose_the_indentation_they_share() -> None:
    """The outermost of them begins at the left; the others keep their distance."""

    def fail() -> None:
        if True:
            raise KeyError("here")

    source = _first(fail).frames[0].source
    texts = [line.text for line in source]
    assert 'raise KeyError("here")' in [text.strip() for text in texts]
    assert min(len(text) - len(text.lstrip()) for text in texts if text) == 0


def test_frames_of_libraries_are_told_from_those_of_the_project() -> None:
    """The framework, installed packages and the standard library are not the project's code."""
    ours = _first(lambda: decode(b"{"))
    standard = _first(lambda: linecache.getline("x", None))  # type: ignore[arg-type]  # raises inside the library
    assert [frame.is_project for frame in ours.frames] == [False, True, True]
    assert ours.frames[0].place == "openviper/primitives/json.py"
    assert not standard.frames[0].is_project
    assert standard.frames[0].place == "linecache.py"
    assert ours.has_project_frame


def test_chain_is_told_link_by_link() -> None:
    """What an error was raised from, and what was handled when it was raised, follow it, each with its relation."""

    def fail() -> None:
        try:
            try:
                raise KeyError("first")
            except KeyError:
                raise ValueError("second")  # noqa: B904 - the context is what is tested
        except ValueError as error:
            raise NotFound("third") from error

    told = [(one.relation, one.kind, one.message) for one in read_failures(_caught(fail))]
    assert told == [
        ("", "openviper.exceptions.NotFound", "404: third"),
        ("Caused by", "ValueError", "second"),
        ("Raised while this was handled", "KeyError", "'first'"),
    ]


def test_suppressed_context_is_left_out() -> None:
    """``from None`` hides what was handled."""

    def fail() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None

    assert [one.kind for one in read_failures(_caught(fail))] == ["ValueError"]


def test_members_of_a_group_are_told() -> None:
    """Each member follows the group, in order."""

    def fail() -> None:
        raise ExceptionGroup("both", [KeyError("a"), ExceptionGroup("inner", [ValueError("b")])])

    relations = [one.relation for one in read_failures(_caught(fail))]
    assert relations == ["", "Error 1 of 2 in the group", "Error 2 of 2 in the group", "Error 1 of 1 in the group"]


def test_ring_of_causes_ends() -> None:
    """Errors that cause each other are told once each."""
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert [one.message for one in read_failures(first)] == ["a", "b"]


def test_notes_and_place_in_the_documentation_are_kept() -> None:
    """What was added to an error, and where the framework describes its kind."""
    error = NotFound("no book")
    error.add_note("in the shop")
    failure = read_failures(error)[0]
    assert failure.notes == ("in the shop",)
    assert failure.docs == "reference/errors.html#not-found"
    assert (failure.frames, failure.has_project_frame) == ((), False)
    assert read_failures(ValueError())[0].docs is None


def test_error_that_cannot_be_written_is_told_all_the_same() -> None:
    """A ``__str__`` that raises is said to have done so."""

    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert read_failures(MuteError())[0].message == "<exception str() failed>"


def test_notes_that_are_none_are_told_all_the_same() -> None:
    """The attribute may have been set to anything, and a note may fail to be written."""

    class Mute:
        def __str__(self) -> str:
            raise SystemExit

    numbered, mute = ValueError(), ValueError()
    numbered.__notes__ = 5  # type: ignore[assignment]  # what no type checker lets through
    mute.__notes__ = [Mute()]  # type: ignore[list-item]  # what no type checker lets through
    assert read_failures(numbered)[0].notes == ("5",)
    assert read_failures(mute)[0].notes == ("<note str() failed>",)


def test_group_tells_the_members_that_it_was_made_with() -> None:
    """A class that says something else about its members, or raises, is not asked."""

    class StrangeGroup(ExceptionGroup[ValueError]):
        @property
        def exceptions(self) -> Any:
            raise RuntimeError

    told = read_failures(StrangeGroup("both", [ValueError("a")]))
    assert [one.message for one in told] == ["both (1 sub-exception)", "a"]


def test_class_that_hides_its_module_is_told() -> None:
    """A metaclass may raise at any question; the name of the class is read past it."""

    class Hiding(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError(name)

    class HiddenError(Exception, metaclass=Hiding):
        pass

    assert read_failures(HiddenError("x"))[0].kind.endswith("HiddenError")


def test_place_in_the_documentation_is_a_text_or_missing() -> None:
    """An error of the framework's family whose class says something else about it has none."""

    class OddError(NotFound):
        docs = 5  # type: ignore[assignment]  # what no type checker lets through

    assert read_failures(OddError())[0].docs is None


def test_loader_that_fails_gives_no_source() -> None:
    """The loader of a module is asked for its source, and may raise anything."""

    class Loader:
        def get_source(self, name: str) -> str:
            raise RuntimeError(name)

    names: dict[str, object] = {"__name__": "odd", "__loader__": Loader()}
    failure = _first(lambda: exec(compile("1 / 0", "/odd.py", "exec"), names))
    assert (failure.frames[0].place, failure.frames[0].source) == ("/odd.py", ())


def test_keys_that_are_no_names_are_left_out() -> None:
    """A namespace for ``exec`` may have numbers as keys."""
    names: Any = {1: 2, "x": 3}
    assert dict(_first(lambda: exec("1 / 0", names)).frames[0].variables) == {"x": "3"}


def test_value_that_is_passed_on_is_written_once() -> None:
    """Writing a large one takes time, which is not spent again for every call that has it."""

    class Counted:
        written = 0

        def __repr__(self) -> str:
            Counted.written += 1
            return "<counted>"

    def descend(counted: Counted, depth: int) -> None:
        if not depth:
            raise ValueError
        descend(counted, depth - 1)

    counted = Counted()
    failure = _first(lambda: descend(counted, 10))
    assert sum(dict(frame.variables).get("counted") == "<counted>" for frame in failure.frames) > 10
    assert Counted.written == 1


def test_value_is_hidden_under_the_name_of_a_secret_only() -> None:
    """A value that has been written under another name does not show under that of a secret."""

    def fail(text: str) -> None:
        password = text
        raise ValueError(len(password))

    assert dict(_first(lambda: fail("hunter2")).frames[0].variables) == {"text": "'hunter2'", "password": "***"}


def test_endless_line_is_cut() -> None:
    """A line of generated code may be megabytes long."""
    linecache.cache["<long>"] = (9, None, ["1 / 0  #" + "x" * 10_000], "<long>")
    failure = _first(lambda: exec(compile("1 / 0", "<long>", "exec"), {}))
    del linecache.cache["<long>"]
    assert [len(line.text) for line in failure.frames[0].source] in ([301], [])


def test_misspelt_attribute_is_told_as_python_tells_it() -> None:
    """The message is that of the traceback; from Python 3.12 on it names the attribute that was meant."""
    error = _caught(lambda: attrgetter("uper")(""))
    written = traceback.format_exception_only(error)[-1]
    assert written == f"AttributeError: {read_failures(error)[0].message}\n"


def test_endless_recursion_is_cut_in_the_middle() -> None:
    """The outer and the inner calls are kept, and the number between them is told."""

    def again() -> None:
        again()

    failure = _first(again)
    assert len(failure.frames) == 40
    assert failure.frames_left_out > 500
    assert failure.frames[-1].function == "_caught"


def test_frame_without_source_has_no_lines() -> None:
    """Code that was made from text is told by its place alone."""
    failure = _first(lambda: exec(compile("x = 1\n1 / 0", "<made>", "exec"), {}))
    assert (failure.frames[0].place, failure.frames[0].line, failure.frames[0].source) == ("<made>", 2, ())
    assert dict(failure.frames[0].variables) == {"x": "1"}


def test_names_in_a_mapping_of_the_project_are_not_asked_for() -> None:
    """Code run with a mapping of its own is shown without variables: reading them would run its code."""

    class Strange(dict[str, object]):
        def items(self) -> object:  # type: ignore[override]  # it is never called
            raise AssertionError("asked")

    failure = _first(lambda: exec("1 / 0", {}, Strange()))
    assert failure.frames[0].variables == ()


def test_many_variables_are_cut() -> None:
    """Forty are shown, and the number of the others."""
    text = "\n".join(f"v{number} = {number}" for number in range(50)) + "\n1 / 0"
    failure = _first(lambda: exec(text, {}))
    assert len(failure.frames[0].variables) == 41
    assert failure.frames[0].variables[-1] == ("…", "10 more")


def test_deleted_working_directory_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are read all the same, with whole paths where nothing shorter is known."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert working_directory() is None
    assert _first(lambda: 1 // 0).frames[0].place.endswith("test_frames.py")
