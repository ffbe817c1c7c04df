"""What the ``check`` command reports about databases."""

from collections.abc import Collection, Iterator
from typing import Final

from openviper.conf import settings
from openviper.core.checks import register
from openviper.db.addresses import database_aliases, read_options
from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.engines import get_dialect
from openviper.db.events.stated import load_stated
from openviper.db.events.watchers import handlers
from openviper.db.exceptions import (
    DatabaseConfigurationError,
    DatabaseOperationNotSupportedError,
    ModelDefinitionError,
    ModelReferenceError,
)
from openviper.db.fields.base import AnyField
from openviper.db.hooks import misnamed_hooks
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.routers import load, slot
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of
from openviper.primitives.problems import Problem, Severity

__all__ = ["register_checks"]

#: What is wrong with a handler to the number of the finding, and what to do.
_EVENT_FAULTS: Final = {
    "outside": ("db.E011", "add the app that the handler belongs to to INSTALLED_APPS, or remove the handler"),
    "form": ("db.E012", "correct MODEL_EVENTS"),
    "import": ("db.E013", "correct the path, or install what it names"),
}


def register_checks() -> None:
    """Register the checks of databases; a second call changes nothing."""
    register(_check_addresses)
    register(_check_references)
    register(_check_routers)
    register(_check_homes)
    register(_check_events)
    register(_check_tables)
    register(_check_hooks)


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


def _check_routers() -> Iterator[Problem]:
    try:
        load()
    except DatabaseConfigurationError as error:
        yield Problem("db.E003", str(error), "correct ROUTERS or ROUTING in DATABASES")


def _check_homes() -> Iterator[Problem]:
    known = database_aliases()
    for model in registry:
        options: Options = model._meta
        if options.database is not None and options.database not in known:
            yield Problem(
                "db.E004",
                f"{options.label} lives in database {options.database!r}, which DATABASES does not have",
                "correct Meta.backend, or add the alias",
            )
        for field in options.relations:
            other = _target_of(field)
            if other is None:
                continue
            if (other.database or DEFAULT_ALIAS) != (options.database or DEFAULT_ALIAS):
                yield Problem(
                    "db.E005",
                    f"{options.label}.{field.name} refers to {other.label}, which lives in another database by its "
                    "Meta.backend; no engine keeps such a reference, and no query follows it",
                    "let both models live in one database, or store the key in a field of its own type",
                )


def _check_tables() -> Iterator[Problem]:
    """Write the table of each model for the engine of its database, as making it would, and tell what that refuses."""
    known = database_aliases()
    if known and DEFAULT_ALIAS not in known and not slot.routers:
        homeless = next((model._meta for model in registry if model._meta.database is None), None)
        if homeless is not None:
            yield Problem(
                "db.E007",
                f"DATABASES has no {DEFAULT_ALIAS!r}, in which {homeless.label} and every model lives that states no "
                f"Meta.backend; it has {', '.join(known)}",
                f"call one of them {DEFAULT_ALIAS!r}, state Meta.backend, or add a router",
            )
    for model in registry:
        options: Options = model._meta
        dialect = _dialect_of(options.database or DEFAULT_ALIAS, known)
        if dialect is None or options.abstract or options.proxy or not options.managed:
            continue
        try:
            create_statements([schema_of(options)], dialect)
        except ModelReferenceError:
            continue  # which the check of references tells
        except (ModelDefinitionError, DatabaseOperationNotSupportedError) as error:
            yield Problem(
                "db.E006",
                f"the table of {options.label} cannot be made on {dialect.name}: {error}",
                "correct the field, or the index or constraint in Meta; migrations and init_db() refuse the table",
            )


def _dialect_of(alias: str, known: Collection[str]) -> Dialect | None:
    """Give the dialect of a database; without any database models are held against SQLite, which has every feature."""
    if not known:
        return get_dialect("sqlite", use_tz=settings.USE_TZ)
    try:
        return get_dialect(read_options(alias).scheme, use_tz=settings.USE_TZ)
    except DatabaseConfigurationError:  # which the check of addresses tells
        return None


def _check_events() -> Iterator[Problem]:
    _, faults = load_stated(settings.MODEL_EVENTS, settings.INSTALLED_APPS)
    for fault in faults:
        number, mend = _EVENT_FAULTS[fault.kind]
        yield Problem(number, fault.message, mend)
    for one in handlers.refused():
        number, mend = _EVENT_FAULTS["outside"]
        yield Problem(number, f"{one.path} waits for {one.event} of {one.label} and is outside of INSTALLED_APPS", mend)
    if any(fault.kind != "outside" for fault in faults):
        return
    handlers.load()
    for one in handlers.unknown():
        message = f"{one.path} waits for {one.event} of {one.label}, and there is no such model"
        yield Problem("db.E014", message, "correct the name, or add the app of the model to INSTALLED_APPS")


def _check_hooks() -> Iterator[Problem]:
    for model in registry:
        for path, meant in misnamed_hooks(model):
            yield Problem(
                "db.W011",
                f"{path} has the name of no hook, so nothing ever calls it; meant may be {meant}",
                "rename it; a method of your own that your code calls may have a name further from those of hooks",
                Severity.WARNING,
            )


def _target_of(field: AnyField) -> Options | None:
    try:
        return None if field.related is None else field.related.model._meta
    except ModelReferenceError:  # which the check of references tells
        return None
