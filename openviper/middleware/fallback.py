"""What a middleware takes when an argument was not given: the value of a setting."""

from typing import TypeVar

from openviper.conf import settings
from openviper.primitives.unset import Unset

__all__ = ["given_or_setting"]

T = TypeVar("T")


def given_or_setting(value: T | Unset, name: str) -> T:
    """Give an argument back, or the value of a setting in its place; called in constructors only.

    Args:
        value: The argument; UNSET means that it was not given.
        name: The setting.

    Raises:
        AttributeError: There is no such setting.
    """
    if not isinstance(value, Unset):
        return value
    setting: T = settings[name]
    return setting
