"""What the ``check`` command reports about databases."""

from collections.abc import Iterator

from openviper.core.checks import register
from openviper.db.addresses import database_aliases, read_options
from openviper.db.exceptions import DatabaseConfigurationError
from openviper.db.registry import registry
from openviper.primitives.problems import Problem

__all__ = ["register_checks"]


def register_checks() -> None:
    """Register the checks of databases; a second call changes nothing."""
    register(_check_addresses)
    register(_check_references)


def _check_addresses() -> Iterator[Problem]:
    for alias in database_aliases():
        try:
            read_options(alias)
        except DatabaseConfigurationError as error:
            yield Problem("db.E001", str(error), "correct DATABASES, or the settings that begin with DATABASE_")


def _check_references() -> Iterator[Problem]:
    # The checks of apps have imported the models by now, and told which of them cannot be.
    for error in registry.unresolved():
        yield Problem("db.E002", str(error), "correct the name, or add the app of the model to INSTALLED_APPS")
