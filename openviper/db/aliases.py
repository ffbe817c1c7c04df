"""Aliases: what databases are called in the settings and in code."""

from typing import Final

__all__ = ["DEFAULT_ALIAS", "NO_ALIASES"]

#: The database that is meant where nobody names one.
DEFAULT_ALIAS: Final = "default"
#: Names in ``DATABASES`` beside the databases, which say how to choose among them.
NO_ALIASES: Final = frozenset({"ROUTERS", "ROUTING"})
