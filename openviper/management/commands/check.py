"""Report what is wrong with settings, apps, databases, models, hooks, middleware and templates."""

from dataclasses import asdict

from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.checkup import find_problems
from openviper.management.findings import add_fail_level, exit_code_for, write_findings
from openviper.primitives.json import encode


class Command(BaseCommand):
    """Prints every problem with its id, severity and a hint; nothing of the project is started."""

    help = "Report problems of settings, apps, databases, models, hooks, middleware and templates."
    # What cannot be loaded is a problem to report, not a reason to stop.
    needs_settings = False
    owns_stdout = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--deploy", action="store_true", help="check what matters in production as well")
        parser.add_argument("--json", action="store_true", help="print a JSON list")
        add_fail_level(parser)

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
            write_findings(self, problems)
        return exit_code_for(problems, fail_level)
