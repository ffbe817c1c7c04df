"""The type of settings that are tables of their own."""

from typing import Any, TypeAlias

__all__ = ["Options"]

# What stands inside is foreign: the part that reads such a setting checks it and turns it into its own types.
Options: TypeAlias = dict[str, Any]
