"""Problems as the commands that look for them print them, and the exit code that they make."""

from collections import Counter
from collections.abc import Sequence

from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.primitives.problems import Problem, Severity

__all__ = ["add_fail_level", "exit_code_for", "write_findings"]


def add_fail_level(parser: CommandParser) -> None:
    """Declare ``--fail-level``, whose value ``exit_code_for`` takes."""
    parser.add_argument(
        "--fail-level",
        choices=list(map(str, Severity)),
        default=str(Severity.ERROR),
        help="least severity that makes the exit code 1 (default: %(default)s)",
    )


def exit_code_for(problems: Sequence[Problem], fail_level: str) -> int:
    """Return 1 if one of the problems is severe enough, else 0."""
    found = {problem.severity for problem in problems}
    return int(Severity.ERROR in found or (fail_level == Severity.WARNING and bool(found)))


def write_findings(command: BaseCommand, problems: Sequence[Problem]) -> None:
    """Print each problem with its hint, and a line that counts them, to the standard output of a command."""
    paint = {Severity.ERROR: command.style_error, Severity.WARNING: command.style_warning}
    for problem in problems:
        command.stdout(f"{paint[problem.severity](f'{problem.severity} {problem.id}')} {problem.message}")
        command.stdout(f"  hint: {problem.hint}")
    command.stdout(_summary(problems) if problems else command.style_success("No problems found."))


def _summary(problems: Sequence[Problem]) -> str:
    counts = Counter(problem.severity for problem in problems)
    parts = (f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in sorted(counts.items()))
    return f"Found {', '.join(parts)}."
