"""Print the version of the framework."""

from openviper._version import __version__
from openviper.management.base import BaseCommand


class Command(BaseCommand):
    """Prints ``OpenViper`` and the version."""

    help = "Print the version of OpenViper."
    needs_settings = False

    def handle(self) -> None:
        """Print one line."""
        self.stdout(f"OpenViper {__version__}")
