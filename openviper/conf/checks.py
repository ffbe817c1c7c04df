"""What must hold of the settings: always, and before a server may run in production."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from openviper.conf.annotations import declared_types, describe, is_setting_name, matches, own_annotations
from openviper.conf.base import BaseSettings, class_default, setting_types
from openviper.conf.border import named_failure
from openviper.conf.defaults import Settings
from openviper.conf.deployment import find_deployment_problems
from openviper.conf.environment import PREFIX, RESERVED, Environment, project_folder
from openviper.conf.lazy import LazySettings
from openviper.conf.masking import show
from openviper.conf.spelling import closest, is_one_slip
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError
from openviper.primitives.imports import import_string
from openviper.primitives.problems import Problem, Severity

__all__ = ["settings_problems", "validate_settings"]

# High enough that an app's own settings (BLOG_URL) are not taken for misspelt ones (MEDIA_URL).
_LIKENESS: Final = 0.85
# Whoever annotates a name has thought of it as a setting: the scaffold of a project annotates all of them.
_LIKENESS_OF_ANNOTATED: Final = 0.9
# Settings that name code. MIDDLEWARE and INSTALLED_APPS are not among them: the rooms that load those check them.
_PATHS: Final = (
    "AUTH_BACKENDS",
    "DEFAULT_FILE_STORAGE",
    "DEFAULT_PERMISSION_CLASSES",
    "DEFAULT_THROTTLE_CLASSES",
    "MODEL_EVENTS",
    "OAUTH2_EVENTS",
    "SESSION_STORE",
    "USER_MODEL",
)
# Limits of what a client may send; 0 lets nothing pass.
_LIMITS: Final = (
    "MAX_BODY_SIZE",
    "MAX_FIELD_SIZE",
    "MAX_FILE_SIZE",
    "MAX_FORM_FIELDS",
    "MAX_FORM_FILES",
    "MAX_PART_HEADER_SIZE",
    "MAX_UPLOAD_SIZE",
    "UPLOAD_MEMORY_SIZE",
)
# Settings that name code under the key "backend", beside hosts and addresses that have dots too.
_TABLES: Final = ("CACHES", "EMAIL")


def validate_settings(settings: BaseSettings, environment: Environment) -> None:
    """Refuse settings that break a rule.

    Args:
        settings: The settings object, or an instance.
        environment: ``production`` adds the rules for it.

    Raises:
        SettingsValidationError: Rules are broken; ``errors`` has one sentence for each of them.
    """
    problems = settings_problems(settings, environment)
    errors = [f"{it.message}. {it.hint} [{it.id}]" for it in problems if it.severity is Severity.ERROR]
    if errors:
        raise SettingsValidationError(errors)


def settings_problems(settings: BaseSettings, environment: Environment, *, deploy: bool = False) -> list[Problem]:
    """List everything that is wrong or odd about settings; ids and mends are in the reference.

    Args:
        settings: The settings object, or an instance.
        environment: ``production`` adds the rules for it.
        deploy: Whether to add those rules in any environment.
    """
    values = settings.as_dict(mask_sensitive=False)
    if isinstance(settings, LazySettings):
        cls, problems = settings.settings_class, list(settings.load_problems)
    else:
        cls, problems = type(settings), []
    problems += _find_wrong_types(setting_types(cls, values), values)
    problems += _find_contradictions(values)
    problems += _find_odd_limits(values)
    problems += _find_missing_targets(values)
    problems += _find_unknown_names(cls, values)
    if deploy or environment == "production":
        problems += find_deployment_problems(values)
    elif not values["SECRET_KEY"]:
        problems.append(
            Problem(
                "settings.W006",
                "SECRET_KEY is not set; every process makes a random one of its own",
                "Put SECRET_KEY into .env, so that logins survive a restart.",
                Severity.WARNING,
            )
        )
    return problems


def _find_wrong_types(types: Mapping[str, object], values: Mapping[str, object]) -> Iterator[Problem]:
    for name, value in values.items():
        if not matches(value, types[name]):
            yield Problem(
                "settings.E001",
                f"{name} is {show(name, value)}, of type {type(value).__name__}",
                f"Give it a value of type {describe(types[name])}.",
            )


def _find_contradictions(values: Mapping[str, object]) -> Iterator[Problem]:
    """Find values that cannot stand side by side, or never."""
    if str(values["JWT_ALGORITHM"]).lower() == "none":
        yield Problem(
            "settings.E002", "JWT_ALGORITHM is none, so anyone can write a token", "Name a signing algorithm: HS256."
        )
    for cookie in ("SESSION_COOKIE", "CSRF_COOKIE"):
        is_secure = values[f"{cookie}_SECURE"] or values["SECURE_COOKIES"]
        if str(values[f"{cookie}_SAMESITE"]).lower() == "none" and not is_secure:
            yield Problem(
                "settings.E003",
                f"{cookie}_SAMESITE is None without {cookie}_SECURE, and browsers drop such a cookie",
                f"Set {cookie}_SECURE to True, or {cookie}_SAMESITE to Lax.",
            )
    threads = values["THREAD_POOL_SIZE"]
    if isinstance(threads, int) and threads < 1:
        yield Problem(
            "settings.E007",
            f"THREAD_POOL_SIZE is {threads}, so no handler that is a plain function could run",
            "Set it to 1 or more.",
        )
    sources = values["STATICFILES_DIRS"]
    target = _absolute(values["STATIC_ROOT"])
    if target and isinstance(sources, tuple | list) and target in map(_absolute, sources):
        yield Problem(
            "settings.E004",
            f"STATIC_ROOT ({values['STATIC_ROOT']}) is one of STATICFILES_DIRS, so collecting overwrites its source",
            "Set STATIC_ROOT to a folder of its own, such as 'staticfiles'.",
        )
    url, alias_url = values["DATABASE_URL"], _default_alias_url(values["DATABASES"])
    if url and alias_url and url != alias_url:
        yield Problem(
            "settings.W005",
            "DATABASE_URL and DATABASES['default'] name different databases; DATABASES wins",
            "Remove one of the two.",
            Severity.WARNING,
        )


def _find_odd_limits(values: Mapping[str, object]) -> Iterator[Problem]:
    """Find limits of uploads that let nothing pass by mistake, and a folder for them that is not there."""
    limits = {name: value for name in _LIMITS if isinstance(value := values[name], int)}
    for name, value in limits.items():
        if value < 0:
            yield Problem("settings.E008", f"{name} is {value}", "Give it 0 or more; there is no value for no limit.")
    if limits.get("MAX_FILE_SIZE", 0) > limits.get("MAX_UPLOAD_SIZE", 0):
        yield Problem(
            "settings.W008",
            "MAX_FILE_SIZE is larger than MAX_UPLOAD_SIZE, so no file of that size can arrive",
            "Raise MAX_UPLOAD_SIZE above it.",
            Severity.WARNING,
        )
    folder = values["UPLOAD_TEMP_DIR"]
    if isinstance(folder, str) and folder and not Path(folder).is_dir():
        yield Problem(
            "settings.E009",
            f"UPLOAD_TEMP_DIR is {folder!r}, which is no folder, so that large uploads would fail",
            "Make the folder, or leave the setting empty for that of the system.",
        )


def _find_missing_targets(values: Mapping[str, object]) -> Iterator[Problem]:
    """Find what a setting names and Python cannot find; the framework's own defaults are not looked for."""
    zone = values["TIME_ZONE"]
    if zone != class_default(Settings, "TIME_ZONE") and not _is_time_zone(str(zone)):
        yield Problem(
            "settings.E006",
            f"TIME_ZONE is {zone!r}, which is no zone that this machine knows",
            "Use an IANA name such as 'Europe/Vienna'; a machine without zones needs the package tzdata.",
        )
    for name in (*_PATHS, *_TABLES):
        value = values[name]
        if value == class_default(Settings, name):
            continue
        for path in _texts(value) if name in _PATHS else _backends(value):
            if "." not in path:
                continue  # a name of the framework's own, such as "database"
            try:
                with named_failure(f"{path!r} in {name}"):
                    import_string(path)
            except ImproperlyConfigured as error:
                yield Problem("settings.E005", str(error), "Correct the path, or install what it names.")


def _find_unknown_names(cls: type[BaseSettings], values: Mapping[str, object]) -> Iterator[Problem]:
    known = Settings.__dataclass_fields__
    declared = declared_types(cls)
    for name in values:
        if name in known or not is_setting_name(name):
            continue
        if declared.get(name, object) is object:
            meant, mend = closest(name, known, cutoff=_LIKENESS), "annotate it in the settings class"
        else:
            meant = _find_meant(name, known)
            if meant is not None and _is_stated(meant, cls, values):
                continue  # two settings with names alike, both on purpose
            mend = f"state {meant} beside it"
        if meant is not None:
            yield Problem(
                "settings.W001",
                f"there is no setting {name}",
                f"Did you mean {meant}? If it is your own, {mend}.",
                Severity.WARNING,
            )
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and variable not in RESERVED and name not in values:
            meant = closest(name, known) or closest(name, values)  # one of the project's may be misspelt itself
            yield Problem(
                "settings.W002",
                f"the variable {variable} belongs to no setting",
                f"Did you mean {PREFIX}{meant}?" if meant else "Unset it, or state the setting with a default.",
                Severity.WARNING,
            )


def _find_meant(name: str, known: Iterable[str]) -> str | None:
    alike = closest(name, known, cutoff=_LIKENESS_OF_ANNOTATED)
    return alike or next((other for other in known if is_one_slip(name, other)), None)


def _is_stated(name: str, cls: type[BaseSettings], values: Mapping[str, object]) -> bool:
    """Tell whether a project gives one of the framework's settings itself, in its class or elsewhere."""
    own_classes = [owner for owner in cls.__mro__ if owner not in Settings.__mro__]
    return values[name] != class_default(Settings, name) or any(name in own_annotations(it) for it in own_classes)


def _texts(value: object) -> Iterator[str]:
    """Give every text inside a value, at any depth; keys are not looked at."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)


def _backends(value: object) -> Iterator[str]:
    """Give the text under every key ``backend``, in any case of letters, of a table and of the tables inside it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item) if str(key).lower() == "backend" else _backends(item)


def _default_alias_url(databases: object) -> object:
    default = databases.get("default") if isinstance(databases, Mapping) else None
    if not isinstance(default, Mapping):
        return None
    options = default.get("OPTIONS")
    return (options.get("URL") if isinstance(options, Mapping) else None) or default.get("URL")


def _is_time_zone(name: str) -> bool:
    import zoneinfo  # a start does not need it

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _absolute(path: object) -> str | None:
    return str((project_folder() / path).resolve()) if isinstance(path, str) and path else None
