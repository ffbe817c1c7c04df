"""Problems as commands print them."""

import io

import pytest

from openviper.management.base import BaseCommand
from openviper.management.findings import exit_code_for, write_findings
from openviper.primitives.problems import Problem, Severity

ERROR = Problem("shop.E001", "the lamp is broken", "Replace it.")
WARNING = Problem("shop.W001", "the lamp is dim", "Clean it.", Severity.WARNING)


def printed(*problems: Problem) -> str:
    command, out = BaseCommand(), io.StringIO()
    command.bind(stdout=out, stderr=out)
    write_findings(command, problems)
    return out.getvalue()


def test_problems_are_printed_with_hints_and_counted() -> None:
    """Each problem is a line with severity and id, its hint below; the last line counts them."""
    assert printed(ERROR, WARNING, WARNING) == (
        "error shop.E001 the lamp is broken\n  hint: Replace it.\n"
        + "warning shop.W001 the lamp is dim\n  hint: Clean it.\n" * 2
        + "Found 1 error, 2 warnings.\n"
    )


def test_nothing_found_is_one_line() -> None:
    """Without problems there is a line that says so."""
    assert printed() == "No problems found.\n"


@pytest.mark.parametrize(
    ("problems", "level", "code"),
    [
        ([], "warning", 0),
        ([WARNING], "error", 0),
        ([WARNING], "warning", 1),
        ([WARNING, ERROR], "error", 1),
        ([ERROR], "warning", 1),
    ],
)
def test_level_decides_the_exit_code(problems: list[Problem], level: str, code: int) -> None:
    """Errors always make it 1, warnings when that is asked for."""
    assert exit_code_for(problems, level) == code
