"""Report what is wrong with settings, apps, hooks and middleware."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.checkup import find_problems
from openviper.primitives.json import encode
from openviper.primitives.problems import Problem, Severity


class Command(BaseCommand):
    """Prints every problem with its id, severity and a hint; nothing of the project is started."""

    help = "Report problems of settings, apps, hooks and middleware."
    # What cannot be loaded is a problem to report, not a reason to stop.
    needs_settings = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--deploy", action="store_true", help="check what matters in production as well")
        parser.add_argument("--json", action="store_true", help="print a JSON list")
        parser.add_argument(
            "--fail-level",
            choices=list(map(str, Severity)),
            default=str(Severity.ERROR),
            help="least severity that makes the exit code 1 (default: %(default)s)",
        )

    def handle(self, *, deploy: bool, json: bool, fail_level: str) -> int:
        """Print the problems; 1 if one of them is severe enough, else 0.

        Raises:
            ProjectError: Several projects are possible.
        """
        if self.project.settings_module is None:
            self.stderr(f"Warning: no settings found in {self.project.root}; checking the defaults.")
        problems = find_problems(deploy=deploy)
        if json:
            self.stdout(encode([asdict(problem) for problem in problems], indent=True).decode())
        else:
            self._print(problems)
        found = {problem.severity for problem in problems}
        return int(Severity.ERROR in found or (fail_level == Severity.WARNING and bool(found)))

    def _print(self, problems: Sequence[Problem]) -> None:
        paint = {Severity.ERROR: self.style_error, Severity.WARNING: self.style_warning}
        for problem in problems:
            self.stdout(f"{paint[problem.severity](f'{problem.severity} {problem.id}')} {problem.message}")
            self.stdout(f"  hint: {problem.hint}")
        self.stdout(_summary(problems) if problems else self.style_success("No problems found."))


def _summary(problems: Sequence[Problem]) -> str:
    counts = Counter(problem.severity for problem in problems)
    parts = (f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in sorted(counts.items()))
    return f"Found {', '.join(parts)}."
