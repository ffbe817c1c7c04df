"""The checks of the ``check`` command: every room registers its own, one call runs them all."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from openviper.primitives.problems import Problem

__all__ = ["Check", "clear_checks", "register", "run_checks"]

Check: TypeAlias = Callable[[], Iterable[Problem]]
AnyCheck = TypeVar("AnyCheck", bound=Check)

# Check to whether it belongs to a deployment only; a dict keeps the order and registers each check once.
_registered: dict[Check, bool] = {}


def register(check: AnyCheck, *, deploy: bool = False) -> AnyCheck:
    """Add a check to the list; registering it again changes nothing but its ``deploy`` mark.

    Args:
        check: Called without arguments; returns what it has found, nothing if all is well.
        deploy: True for a check that matters in a deployment only (``check --deploy``).

    Returns:
        The check, so that this serves as a decorator.
    """
    _registered[check] = deploy
    return check


def run_checks(*, deploy: bool = False) -> list[Problem]:
    """Run every registered check and list what they found, in the order of registration.

    The same finding by two checks is listed once.

    Args:
        deploy: True runs the checks for deployments as well.

    Raises:
        Exception: Whatever a check raises; a check reports what it finds and is not expected to fail.
    """
    problems: dict[Problem, None] = {}
    for check, is_for_deployment in list(_registered.items()):
        if deploy or not is_for_deployment:
            problems.update(dict.fromkeys(check()))
    return list(problems)


def clear_checks() -> None:
    """Forget every registered check; for tests, which register what they need."""
    _registered.clear()
