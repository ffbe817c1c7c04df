"""Start a new app."""

from pathlib import Path

from openviper.conf.environment import project_folder
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.scaffold import create_app


class Command(BaseCommand):
    """Creates the package of an app and says what makes it part of the project."""

    help = "Create an app: a package with a module for each thing an app may have."
    needs_settings = False
    takes_target = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the name and the place of the app."""
        parser.add_argument("name", help="name of the package, a Python identifier")
        parser.add_argument("-d", "--directory", help="folder that will hold the package (default: the project's)")

    def handle(self, *, name: str, directory: str | None) -> None:
        """Create the app.

        Raises:
            CommandError: The name cannot be used, or the folder exists or could not be written.
        """
        root = project_folder()
        folder = create_app(name, root if directory is None else directory)
        module = _dotted_name(folder, root)
        self.stdout(self.style_success(f"Created {folder}"))
        self.stdout("Add it to the project:")
        self.stdout(f'  settings.py  INSTALLED_APPS = (..., "{module}")')
        self.stdout(f"  routes.py    from {module}.routes import router as {name}_router")
        self.stdout(f'               route_paths = [..., ("/{name}", {name}_router)]')


def _dotted_name(folder: Path, root: Path) -> str:
    """Name a package as it is imported from the project's folder; its bare name when it lies elsewhere."""
    if folder.is_relative_to(root):
        parts = folder.relative_to(root).parts
        if all(part.isidentifier() for part in parts):
            return ".".join(parts)
    return folder.name
