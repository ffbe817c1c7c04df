"""The test command."""

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from openviper.management.commands.test import node_id

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

TESTS = """
import os
import models
from openviper.conf import settings
class TestBook:
    def test_sees_the_project(self):
        assert settings.INSTALLED_APPS == ("blog",)
        assert settings.module == "settings"
        assert os.environ["OPENVIPER_ENV"] == "testing"
        assert models.Book.__module__ == "models"
        print("keep", os.environ.get("OPENVIPER_TEST_KEEPDB"))
def test_fails(): assert False
def test_is_last(): pass
"""

INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture
def tested(root_layout: "Site") -> "Site":
    root_layout.write({"tests/test_books.py": TESTS, "pytest.ini": INI})
    return root_layout


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("tests", "tests"),
        ("tests/test_a.py", "tests/test_a.py"),
        ("tests/test_a.py:TestA", "tests/test_a.py::TestA"),
        ("tests/test_a.py:TestA:test_b", "tests/test_a.py::TestA::test_b"),
        ("tests/test_a.py::TestA::test_b", "tests/test_a.py::TestA::test_b"),
        ("tests/test_a.py:test_b[x:y]", "tests/test_a.py::test_b[x:y]"),
        ("C:\\tests\\test_a.py:test_b", "C:\\tests\\test_a.py::test_b"),
        ("-k", "-k"),
    ],
)
def test_label_becomes_a_node_of_pytest(label: str, expected: str) -> None:
    """A label with single colons names a test as pytest does; everything else is left alone (C-030)."""
    assert node_id(label) == expected


def test_summary_and_code_are_those_of_pytest(tested: "Site") -> None:
    """All tests run, pytest's own summary is shown, and its exit code is passed on (C-030, C-039c)."""
    done = tested.spawn("test")

    assert done.code == 1
    assert "1 failed, 2 passed" in done.out
    assert done.err == ""


def test_labels_and_options_reach_pytest(tested: "Site") -> None:
    """A named test runs with the settings of the project and its models, and options mean what pytest's do (C-039c)."""
    done = tested.spawn("test", "tests/test_books.py:TestBook", "-v", "--keepdb", "--", "-s")

    assert done.code == 0
    assert "tests/test_books.py::TestBook::test_sees_the_project" in done.out
    assert "keep 1" in done.out
    assert "1 passed" in done.out


@pytest.mark.parametrize(
    "words",
    [
        ["-k", "last"],
        ["-k", "last", "--keepdb", "tests/test_books.py"],
        ["tests", "-k", "last", "-xvv"],
        ["-p", "no:cacheprovider", "tests/test_books.py:test_is_last", "-q"],
        ["tests/test_books.py:test_is_last", "--maxfail=1", "--verbose", "--", "-q"],
    ],
)
def test_options_of_pytest_are_its_own(tested: "Site", words: list[str]) -> None:
    """Options that the command does not know reach pytest with their values, in their order among the words."""
    done = tested.spawn("test", *words)

    assert (done.code, done.err) == (0, "")
    assert "1 passed" in done.out


def test_option_that_nobody_knows_is_refused_by_pytest(tested: "Site") -> None:
    """A misspelt option is pytest's to refuse, with its message and exit code."""
    done = tested.spawn("test", "--kepdb")

    assert done.code == 4
    assert "unrecognized arguments: --kepdb" in done.err


@pytest.mark.parametrize("option", ["-x", "--failfast"])
def test_first_failure_may_end_the_run(tested: "Site", option: str) -> None:
    """``-x`` stops at the first failure (C-030)."""
    assert "1 failed, 1 passed" in tested.spawn("test", option, "tests").out


def test_no_tests_are_pytests_own_code(root_layout: "Site") -> None:
    """A project without tests ends with the code that pytest has for it."""
    assert root_layout.spawn("test").code == 5


def test_missing_pytest_names_the_extra(root_layout: "Site") -> None:
    """Without pytest the message says how to install it, exit code 1."""
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "from openviper.cli.main import main\n"
        "sys.exit(main(['viperctl', 'test']))\n"
    )

    done = root_layout.python("-c", code)

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "The test command needs the package 'pytest', which is not installed; "
        'install it with: pip install "openviper[test]"\n'
        "see: reference/errors.html#dependency-missing\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals end processes on POSIX")
def test_run_that_a_signal_ends_is_reported_as_shells_do(root_layout: "Site") -> None:
    """Where a signal ends pytest the exit code is 128 and its number."""
    root_layout.write({"test_end.py": "import os\ndef test_end(): os.kill(os.getpid(), 15)\n"})

    assert root_layout.spawn("test").code == 128 + signal.SIGTERM
