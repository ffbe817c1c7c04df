"""The version command."""

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_version_is_that_of_the_distribution(site: "Site") -> None:
    """The version printed is that of the installed distribution (C-013)."""
    assert site.run("version").out == f"OpenViper {version('openviper')}\n"
