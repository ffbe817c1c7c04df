"""Start a new command."""

from openviper.conf.environment import project_folder
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.scaffold import create_command


class Command(BaseCommand):
    """Creates the module of a command in an app."""

    help = "Create a command in an app."
    needs_settings = False
    takes_target = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the names of the command and its app."""
        parser.add_argument("command_name", help="how the command is called, in small letters with dashes")
        parser.add_argument("app_name", help="the app's package, dotted")
        parser.add_argument("-d", "--directory", help="folder that holds the app (default: the project's)")

    def handle(self, *, command_name: str, app_name: str, directory: str | None) -> None:
        """Create the command.

        Raises:
            CommandError: The name cannot be used or is taken, no such app lies there, or the file could not be
                written.
        """
        file = create_command(command_name, app_name, project_folder() if directory is None else directory)
        self.stdout(self.style_success(f"Created {file}"))
        self.stdout(f"It runs as {file.stem.replace('_', '-')}, once {app_name} is in INSTALLED_APPS.")
