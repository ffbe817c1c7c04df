"""Everything that is wrong with a project, as a list: the checks of all rooms, run without starting anything."""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from openviper.app.application import OpenViper
from openviper.apps import checks as app_checks
from openviper.apps.bootstrap import without_setup
from openviper.conf import settings
from openviper.conf.border import named_failure
from openviper.core.checks import run_checks
from openviper.core.project import package_of_settings
from openviper.exceptions import ImproperlyConfigured, OpenViperError, SettingsValidationError
from openviper.primitives.imports import module_exists
from openviper.primitives.problems import Problem, Severity
from openviper.staticfiles import checks as static_checks
from openviper.templating import checks as template_checks

__all__ = ["find_loading_problems", "find_problems"]

# With an error in one of these areas the application fails for the same reason, which need not be told twice.
_BELOW_APPLICATION: Final = frozenset({"apps", "project"})


def find_problems(*, deploy: bool = False) -> list[Problem]:
    """Run every check; settings that cannot be loaded are problems too, and then the only ones.

    Args:
        deploy: Whether to ask as well what matters in a deployment only.
    """
    if problems := find_loading_problems():
        return problems
    app_checks.register_checks()
    template_checks.register_checks()
    static_checks.register_checks()
    if settings.DATABASE_URL or settings.DATABASES:
        from openviper.db import checks as database_checks  # a project without a database loads nothing of it

        database_checks.register_checks()
    problems = run_checks(deploy=deploy)
    areas = {problem.id.partition(".")[0] for problem in problems if problem.severity is Severity.ERROR}
    if settings.module is not None and not areas & _BELOW_APPLICATION:
        problems += _find_application_problems(settings.module)
    return problems


def find_loading_problems() -> list[Problem]:
    """Load the settings; the list is empty when that worked, or was done before."""
    try:
        settings.setup()
    except SettingsValidationError as error:
        return [_unloadable(text) for text in error.errors]
    except OpenViperError as error:
        return [_unloadable(str(error))]
    return []


def _find_application_problems(settings_module: str) -> Iterator[Problem]:
    """Make the application and find its routes as a server would, without running a hook."""
    package = package_of_settings(settings_module)
    modules = ["asgi"] if package is None else [f"{package}.asgi", "asgi"]
    try:
        with without_setup(), named_failure("the application"):
            module = next((name for name in modules if module_exists(name)), None)
            app = OpenViper() if module is None else getattr(import_module(module), "app", None)
    except ImproperlyConfigured as error:
        yield Problem("application.E001", str(error), "correct the module, or install what it imports")
        return
    if not callable(app):
        yield Problem(
            "application.E001",
            f"{module}.app is of type {type(app).__name__}, no application",
            "write: app = OpenViper()",
        )
    if not isinstance(app, OpenViper):
        return
    try:
        with named_failure("the project's routes"):
            app.discover_routes()
            _ = app.matcher  # two routes for one address are found here
    except ImproperlyConfigured as error:
        yield Problem("routes.E001", str(error), "correct the module, or its list route_paths")


def _unloadable(message: str) -> Problem:
    return Problem("settings.E000", message, "mend the settings first; nothing else can be checked without them")
