"""From a settings module, or from what ``configure`` was given, to one instance with a source for every value."""

import importlib
import os
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from openviper.conf.annotations import (
    describe,
    fit,
    has_kind,
    is_container,
    is_setting_name,
    own_annotations,
    resolve,
)
from openviper.conf.base import BaseSettings, class_default, setting_types
from openviper.conf.border import named_failure
from openviper.conf.defaults import Settings
from openviper.conf.environment import DotenvFile, current_environment, ignored_variables, read_overrides
from openviper.conf.masking import mask, show
from openviper.conf.sources import SettingsSource
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError
from openviper.primitives.problems import Problem, Severity

__all__ = [
    "READ_TOO_EARLY",
    "LoadedSettings",
    "forget_module",
    "load_configured",
    "load_module",
]

READ_TOO_EARLY: Final = (
    "settings were read while the settings module is still being loaded; read them inside the function that needs them"
)

_FRAMEWORK: Final = frozenset(Settings.__mro__)
# Settings that are no tables or lists, and that a start or a check works with before their types are looked at.
_TAKEN_AS_THEY_ARE: Final = ("LIFECYCLE_HOOK_TIMEOUT", "TEMPLATES_DIR")
_TEST_HOST: Final = "testserver"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings as they were found.

    Args:
        instance: Every value, those of names that the framework does not know included.
        sources: Where each value that is no default came from.
        module: Name of the settings module; None if there was none.
        problems: What is odd about the module and no error.
        ignored: Variables that are set and not read, as problems.
    """

    instance: BaseSettings
    sources: Mapping[str, SettingsSource] = field(default_factory=dict)
    module: str | None = None
    problems: tuple[Problem, ...] = ()
    ignored: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a module or an object states: a class, the names that it gives a value, and values beside it."""

    cls: type[BaseSettings] = Settings
    declared: frozenset[str] = frozenset()
    values: Mapping[str, object] = field(default_factory=dict)
    types: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_module(dotenv: DotenvFile, environ: Mapping[str, str] = os.environ, *, fresh: bool = False) -> LoadedSettings:
    """Load the module that ``OPENVIPER_SETTINGS_MODULE`` names, or the defaults if it names none.

    Args:
        dotenv: The ``.env`` file that has been loaded.
        environ: The variables.
        fresh: Whether the module, and what stands below it, is imported anew.

    Raises:
        ImproperlyConfigured: The module cannot be loaded, or does not say which of its classes counts.
        SettingsValidationError: Variables cannot be read, settings have no value, or a table or list is none.
    """
    environment = current_environment(environ)
    name = environ.get("OPENVIPER_SETTINGS_MODULE", "").strip() or None
    found = _Found() if name is None else _read_module(_import(name, fresh=fresh))
    kinds = {**setting_types(found.cls, found.values), **found.types}
    overrides = read_overrides(kinds, dotenv, environ)
    values = {**found.values, **{key: value for key, (value, _) in overrides.items()}}
    if environment == "production" and "DEBUG" not in found.declared | values.keys():
        values["DEBUG"] = False
    if environment == "testing":
        values["ALLOWED_HOSTS"] = _with_test_host(
            values.get("ALLOWED_HOSTS", class_default(found.cls, "ALLOWED_HOSTS"))
        )
    with named_failure(f"settings module {name!r}"):
        instance = found.cls(**values)
    _refuse_wrong_kinds(instance, kinds)
    sources = dict.fromkeys((*found.declared, *found.values), SettingsSource.FILE)
    sources |= {key: source for key, (_, source) in overrides.items()}
    return LoadedSettings(instance, sources, name, found.problems, tuple(_find_ignored(dotenv, environ)))


def load_configured(given: object, fields: Mapping[str, object]) -> LoadedSettings:
    """Make settings from what a program states itself; variables have no say in them.

    Only what is stated nowhere depends on the environment: ``DEBUG`` is False in production, and in tests
    ``ALLOWED_HOSTS`` holds the test client's host. An instance states everything.

    Args:
        given: A settings instance or class, any object with upper-case attributes, or None for the defaults.
        fields: Values that win over it.

    Raises:
        TypeError: The object is a mapping, a text, a number or the like, or a field is no upper-case name.
        SettingsValidationError: Settings have no value.
    """
    found = _read_object(given)
    values = {**found.values, **fields}
    stated = found.declared | values.keys()
    environment = current_environment()
    sources = dict.fromkeys(stated, SettingsSource.CONFIGURED)
    if environment == "production" and "DEBUG" not in stated:
        values["DEBUG"] = False
    if environment == "testing" and "ALLOWED_HOSTS" not in stated:
        values["ALLOWED_HOSTS"] = _with_test_host(class_default(found.cls, "ALLOWED_HOSTS"))
    return LoadedSettings(found.cls(**values), sources)


def _refuse_wrong_kinds(instance: BaseSettings, kinds: Mapping[str, object]) -> None:
    """Refuse values that those who read them could not even go through; the checks find all others."""
    errors: list[str] = []
    for name in Settings.__dataclass_fields__:
        value, kind = getattr(instance, name), kinds[name]
        if (name in _TAKEN_AS_THEY_ARE or is_container(kind)) and not has_kind(value, kind):
            found = f"{name} is {show(name, value)}, of type {type(value).__name__}"
            errors.append(f"{found}; give it a value of type {describe(kind)}")
    if errors:
        raise SettingsValidationError(errors)


def forget_module(name: str) -> dict[str, types.ModuleType]:
    """Take a settings module, and what stands below it, out of the imported modules, and give them."""
    importlib.invalidate_caches()
    below = [key for key in sys.modules if key == name or key.startswith(f"{name}.")]
    return {key: sys.modules.pop(key) for key in below}


def _with_test_host(hosts: object) -> object:
    if isinstance(hosts, list | tuple) and _TEST_HOST not in hosts:
        return (*hosts, _TEST_HOST)
    return hosts


def _import(name: str, *, fresh: bool) -> types.ModuleType:
    replaced = forget_module(name) if fresh else {}
    try:
        with named_failure(f"settings module {name!r}"):
            module = importlib.import_module(name)
    except ImproperlyConfigured as error:
        sys.modules.update(replaced)
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name and f"{name}.".startswith(f"{cause.name}."):
            raise ImproperlyConfigured(
                f"settings module {name!r} cannot be found: there is no module {cause.name!r}; check the spelling of "
                "OPENVIPER_SETTINGS_MODULE, and that the folder above the module is on sys.path"
            ) from cause
        if type(cause).__name__ == "_DeadlockError":
            raise ImproperlyConfigured(READ_TOO_EARLY) from cause
        raise
    # Two threads that import in a circle do not wait for each other: Python raises in one of them (an error without
    # a public name, see above), or hands it half a module.
    if getattr(module.__spec__, "_initializing", False):
        raise ImproperlyConfigured(READ_TOO_EARLY)
    if getattr(module, "__file__", None) is None and hasattr(module, "__path__"):
        raise ImproperlyConfigured(_describe_folder(module))
    return module


def _describe_folder(module: types.ModuleType) -> str:
    import pkgutil  # the path of an error only

    inside = [f"{module.__name__}.{it.name}" for it in pkgutil.iter_modules(module.__path__)]
    mend = f"name a module in it ({', '.join(inside)})" if inside else "name a module"
    return (
        f"settings module {module.__name__!r} is a folder without __init__.py, which holds no settings; "
        f"{mend} in OPENVIPER_SETTINGS_MODULE"
    )


def _read_module(module: types.ModuleType) -> _Found:
    # A class in capitals (DEV) is no value, and is looked at by itself.
    classes = {cls.__name__ for cls in _classes(module)}
    names = {name: value for name, value in vars(module).items() if is_setting_name(name) and name not in classes}
    chosen = _choose_class(module)
    cls = _on_defaults(chosen) if chosen else Settings
    declared = _declared_names(cls)
    hidden = {name: value for name, value in names.items() if name in declared}
    problems = tuple(_find_conflicts(cls, hidden) if chosen else _find_unused(module))
    filling = {name: value for name, value in names.items() if name not in declared}
    # What a class annotates has that type; what stands in the module alone has the type it is given there.
    annotated = {name: resolve(kind, vars(module)) for name, kind in own_annotations(module).items()}
    own = {name: kind for name, kind in annotated.items() if name in filling and name not in cls.__dataclass_fields__}
    return _Found(cls, declared, filling, own, problems)


def _read_object(given: object) -> _Found:
    if given is None:
        return _Found()
    if isinstance(given, Mapping):
        raise TypeError("settings.configure() takes the items of a mapping as keywords: configure(**mapping)")
    if isinstance(given, BaseSettings):
        return _Found(_on_defaults(type(given)), values=given.as_dict(mask_sensitive=False))
    if isinstance(given, type) and issubclass(given, BaseSettings):
        return _Found(_on_defaults(given), _declared_names(given))
    if type(given).__module__ == "builtins" and not isinstance(given, type | types.ModuleType):
        raise TypeError(
            f"settings.configure() takes a settings class or instance, or an object with upper-case attributes, not "
            f"{type(given).__name__}; a module that is known by its name belongs into OPENVIPER_SETTINGS_MODULE"
        )
    return _Found(values={name: getattr(given, name) for name in dir(given) if is_setting_name(name)})


def _choose_class(module: types.ModuleType) -> type[BaseSettings] | None:
    """Find the settings class that the module defines last along the inheritance."""
    depths = {cls: sum(map(_is_projects, cls.__mro__)) for cls in _classes(module) if cls.__module__ == module.__name__}
    deepest = [cls for cls, depth in depths.items() if depth == max(depths.values())]
    if len(deepest) > 1:
        names = " and ".join(sorted(cls.__qualname__ for cls in deepest))
        raise ImproperlyConfigured(
            f"settings module {module.__name__!r} defines {names}, and none of them derives from the other; "
            "keep one, derive one from the other, or move one to a module of its own"
        )
    return deepest[0] if deepest else None


def _classes(module: types.ModuleType) -> list[type[BaseSettings]]:
    values = dict.fromkeys(value for value in vars(module).values() if isinstance(value, type))
    return [value for value in values if issubclass(value, BaseSettings) and _is_projects(value)]


def _is_projects(cls: type) -> bool:
    return issubclass(cls, BaseSettings) and cls not in _FRAMEWORK


def _on_defaults(cls: type[BaseSettings]) -> type[BaseSettings]:
    """Put the framework's defaults below a class that stands on ``BaseSettings`` alone."""
    if issubclass(cls, Settings):
        return cls
    if issubclass(Settings, cls):
        return Settings
    body = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return types.new_class(cls.__name__, (cls, Settings), exec_body=lambda namespace: namespace.update(body))


def _declared_names(cls: type[BaseSettings]) -> frozenset[str]:
    """Give the names to which the project's classes, not the framework's, give a value."""
    owners = filter(_is_projects, cls.__mro__)
    return frozenset(name for owner in owners for name in own_annotations(owner) if name in vars(owner))


def _find_conflicts(cls: type[BaseSettings], hidden: Mapping[str, object]) -> Iterator[Problem]:
    known = setting_types(cls, {})
    for name, value in hidden.items():
        wins = class_default(cls, name)
        if fit(value, known[name]) != fit(wins, known[name]):
            yield Problem(
                "settings.W003",
                f"{name} is {mask(name, value)!r} in the module and {mask(name, wins)!r} in {cls.__qualname__}; "
                "the class wins",
                f"Remove one of the two {name}.",
                Severity.WARNING,
            )


def _find_unused(module: types.ModuleType) -> Iterator[Problem]:
    for cls in _classes(module):
        yield Problem(
            "settings.W004",
            f"settings module {module.__name__!r} imports {cls.__qualname__} and defines no settings class, "
            "so its values are not used",
            f"Name {cls.__module__} in OPENVIPER_SETTINGS_MODULE, or derive a class from {cls.__qualname__} here.",
            Severity.WARNING,
        )


def _find_ignored(dotenv: DotenvFile, environ: Mapping[str, str]) -> Iterator[Problem]:
    for name in ignored_variables(dotenv, environ):
        yield Problem(
            "settings.W007",
            f"the variable {name} is set and not read, since other programs use that name",
            f"Name it OPENVIPER_{name}, or set OPENVIPER_BARE_ENV to true.",
            Severity.WARNING,
        )
