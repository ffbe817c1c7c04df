"""Show every setting of the project."""

import os
from collections.abc import Sequence
from dataclasses import asdict

from openviper.conf import settings
from openviper.conf.checks import settings_problems
from openviper.conf.environment import current_environment
from openviper.conf.sources import SettingsSource
from openviper.management.arguments import CommandParser, suggest
from openviper.management.base import BaseCommand
from openviper.management.checkup import find_loading_problems
from openviper.management.exceptions import CommandError
from openviper.management.findings import add_fail_level, exit_code_for, write_findings
from openviper.management.inventory import SettingLine, list_settings, select
from openviper.management.table import write_table
from openviper.primitives.json import encode
from openviper.primitives.problems import Problem


class Command(BaseCommand):
    """Prints the settings with their values, types and sources, and what is wrong with them; secrets are hidden."""

    help = "Show every setting: source, type and value, and what is wrong with it."
    # Settings that cannot be loaded are what one comes here for.
    needs_settings = False
    owns_stdout = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the names and options."""
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="a setting, or a pattern such as 'CORS_*'; all by default"
        )
        parser.add_argument("--changed", action="store_true", help="leave out settings that have their default")
        parser.add_argument("--json", action="store_true", help="print a JSON object")
        add_fail_level(parser)

    def handle(self, *, names: Sequence[str], changed: bool, json: bool, fail_level: str) -> int:
        """Print the settings and their problems; 1 if one of these is severe enough, else 0.

        Raises:
            ProjectError: Several projects are possible.
            CommandError: No setting has a name that was asked for.
        """
        if self.project.settings_module is None:
            self.stderr(f"Warning: no settings found in {self.project.root}; showing the defaults.")
        problems = find_loading_problems()
        lines: list[SettingLine] = []
        if settings.is_loaded:
            lines = _chosen(list_settings(), names, changed=changed)
            problems = settings_problems(settings, current_environment())
        if json:
            self.stdout(self._as_json(lines, problems))
        else:
            self._print(lines, problems)
        return exit_code_for(problems, fail_level)

    def _as_json(self, lines: Sequence[SettingLine], problems: Sequence[Problem]) -> str:
        listing = {**self._origin(), "settings": list(map(asdict, lines)), "problems": list(map(asdict, problems))}
        return encode(listing, indent=True).decode()

    def _print(self, lines: Sequence[SettingLine], problems: Sequence[Problem]) -> None:
        module, environment, env_file = self._origin().values()
        self.stdout(f"Settings module: {module or 'none, the defaults apply'}")
        self.stdout(f"Environment:     {environment}")
        self.stdout(f"File .env:       {env_file or 'none'}\n")
        if lines:
            rows = [(line.name, line.source, line.type, repr(line.value)) for line in lines]
            write_table(self.out, ("Name", "Source", "Type", "Value"), rows, styles=("cyan", "", "dim"))
            self.stdout()
        elif settings.is_loaded:
            self.stdout("Every setting has its default.\n")
        write_findings(self, problems)

    def _origin(self) -> dict[str, str | None]:
        """Say which module, environment and file the settings were read from."""
        module = settings.module if settings.is_loaded else self.project.settings_module
        env_file = settings.env_file
        return {
            "module": module,
            # As it is set: a wrong one is among the problems.
            "environment": os.environ.get("OPENVIPER_ENV") or "development",
            "env_file": None if env_file is None else str(env_file),
        }


def _chosen(lines: Sequence[SettingLine], patterns: Sequence[str], *, changed: bool) -> list[SettingLine]:
    """Give the settings that were asked for, each once.

    Raises:
        CommandError: No setting fits one of the patterns.
    """
    wanted: set[str] = set()
    for pattern in patterns or ["*"]:
        fitting = select(lines, pattern)
        if not fitting:
            near = suggest(pattern.upper(), [line.name for line in lines])
            raise CommandError(f"there is no setting {pattern!r}{near}")
        wanted |= {line.name for line in fitting}
    return [line for line in lines if line.name in wanted and not (changed and line.source is SettingsSource.DEFAULT)]
