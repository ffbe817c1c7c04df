"""Everything that is wrong with a project, as a list: the checks of all rooms, run without starting anything."""

from openviper.apps import checks as app_checks
from openviper.conf import settings
from openviper.core.checks import run_checks
from openviper.exceptions import OpenViperError, SettingsValidationError
from openviper.primitives.problems import Problem
from openviper.templating import checks as template_checks

__all__ = ["find_loading_problems", "find_problems"]


def find_problems(*, deploy: bool = False) -> list[Problem]:
    """Run every check; settings that cannot be loaded are problems too, and then the only ones.

    Args:
        deploy: Whether to ask as well what matters in a deployment only.
    """
    if problems := find_loading_problems():
        return problems
    app_checks.register_checks()
    template_checks.register_checks()
    return run_checks(deploy=deploy)


def find_loading_problems() -> list[Problem]:
    """Load the settings; the list is empty when that worked, or was done before."""
    try:
        settings.setup()
    except SettingsValidationError as error:
        return [_unloadable(text) for text in error.errors]
    except OpenViperError as error:
        return [_unloadable(str(error))]
    return []


def _unloadable(message: str) -> Problem:
    return Problem("settings.E000", message, "mend the settings first; nothing else can be checked without them")
