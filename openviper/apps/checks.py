"""What the ``check`` command reports about settings, logging, installed apps, the project's modules, and middleware.

The modules of the apps are imported, none of their hooks is run, and one problem does not hide the next.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from openviper.apps.entries import label_problems, name_problems, order_problems, read_requires
from openviper.apps.exceptions import AppLifecycleConfigError, AppLifecycleImportError
from openviper.apps.hooks import timeout_problems
from openviper.apps.lifecycle import AppLifecycleManager
from openviper.apps.modules import import_app, import_submodule
from openviper.apps.plugins import find_plugin_ready
from openviper.conf import configure_logging, settings
from openviper.conf.border import named_failure
from openviper.conf.checks import settings_problems
from openviper.conf.environment import current_environment
from openviper.core.checks import register
from openviper.core.project import package_of_settings
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.imports import import_string, module_exists
from openviper.primitives.problems import Problem, Severity

__all__ = ["APP_MODULES", "register_checks"]

#: The modules of an app that some part of the framework looks for by name.
APP_MODULES: Final = ("lifecycle", "apps", "models", "admin", "tasks", "routes", "events")


def register_checks() -> None:
    """Register the checks of settings, apps and middleware; a second call changes nothing."""
    register(_check_settings)
    register(_check_deployment, deploy=True)
    register(_check_logging)
    register(_check_apps)
    register(_check_own_modules)
    register(_check_hooks)
    register(_check_middleware)


def _check_settings() -> list[Problem]:
    return settings_problems(settings, current_environment(), deploy=False)


def _check_deployment() -> list[Problem]:
    return settings_problems(settings, current_environment(), deploy=True)


def _check_logging() -> Iterator[Problem]:
    try:
        # Whether a configuration works is known when it has been applied, as every other command does.
        configure_logging(settings)
    except ImproperlyConfigured as error:
        yield Problem("logging.E001", str(error), "correct the setting, or remove it for the default")


def _check_apps() -> Iterator[Problem]:
    entries: object = settings.INSTALLED_APPS
    yield from name_problems(entries)
    if not isinstance(entries, tuple | list):
        return
    requires: dict[str, tuple[str, ...]] = {}
    missing: list[str] = []
    for name in _usable_names(entries):
        try:
            module = import_app(name)
            if module is None:
                missing.append(name)
                yield _missing(name)
                continue
            requires[name] = read_requires(name, module)
        except AppLifecycleImportError as error:
            if error.module == name:  # its modules are looked at below, unless there is nothing to look into
                yield _broken(error)
                continue
        except ImproperlyConfigured as error:
            yield Problem("apps.E003", str(error), "name each app in quotes, and end a single one with a comma")
        for submodule in APP_MODULES:
            try:
                import_submodule(name, submodule)
            except AppLifecycleImportError as error:
                yield _broken(error)
    yield from label_problems(list(requires))
    # Entries that are no names stay in the list, so that the positions are those of the settings.
    yield from order_problems([str(entry) for entry in entries], requires, missing=missing)


def _check_own_modules() -> Iterator[Problem]:
    """Import what the project's own package offers, listed as an app or not."""
    package = package_of_settings(settings.module) if settings.module else None
    if package is None or package in _usable_names(settings.INSTALLED_APPS):
        return
    for module in (f"{package}.{submodule}" for submodule in APP_MODULES):
        try:
            with named_failure(f"module {module!r} of the project"):
                if module_exists(module):
                    import_module(module)
        except ImproperlyConfigured as error:
            yield Problem("project.E001", str(error), "correct the module, or install what it imports")


def _check_hooks() -> Iterator[Problem]:
    yield from timeout_problems(settings.LIFECYCLE_HOOK_TIMEOUT)
    for name in _usable_names(settings.INSTALLED_APPS):
        for find in (_find_lifecycle, _find_plugin):
            try:
                find(name)
            except AppLifecycleImportError:
                continue  # reported with the apps
            except AppLifecycleConfigError as error:
                yield Problem("apps.E004", str(error), "correct the hook, or give it another name if it is none")


def _find_lifecycle(name: str) -> None:
    if import_app(name) is not None:
        AppLifecycleManager().discover([name])


def _find_plugin(name: str) -> None:
    module = import_app(name)
    if module is not None:
        find_plugin_ready(name, module)


def _check_middleware() -> Iterator[Problem]:
    entries: object = settings.MIDDLEWARE
    if not isinstance(entries, tuple | list):
        message = f"MIDDLEWARE is {entries!r}, of type {type(entries).__name__}"
        yield Problem("middleware.E001", message, "write a tuple of dotted paths, () for none")
        return
    for position, entry in enumerate(entries, start=1):
        subject = f"entry {position} of MIDDLEWARE, {entry!r},"
        if not isinstance(entry, str):
            message = f"{subject} is of type {type(entry).__name__}"
            yield Problem("middleware.E001", message, "write the dotted path of the class as text")
            continue
        try:
            with named_failure(subject):
                middleware = import_string(entry)
        except ImproperlyConfigured as error:
            yield Problem("middleware.E001", str(error), "correct the dotted path, or install the package it names")
            continue
        if not callable(middleware):
            message = f"{subject} is of type {type(middleware).__name__}, which cannot be called"
            yield Problem("middleware.E002", message, "name a class, or a function, that takes the next application")


def _usable_names(entries: object) -> list[str]:
    """Return the entries that could be modules, each once."""
    if not isinstance(entries, tuple | list):
        return []
    return list(dict.fromkeys(entry for entry in entries if not name_problems([entry])))


def _missing(name: str) -> Problem:
    return Problem(
        "apps.W001",
        f"installed app {name!r} cannot be found; it is skipped",
        "install it, correct its name, or remove it from INSTALLED_APPS",
        Severity.WARNING,
    )


def _broken(error: AppLifecycleImportError) -> Problem:
    return Problem("apps.E001", str(error), "correct the module, or install what it imports")
