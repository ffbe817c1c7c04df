"""The databases in the life of a server: nothing is opened at its start, and all of it is closed at its end."""

import sys
from importlib import import_module
from typing import Final

from openviper.apps.registry import registry as installed_apps
from openviper.conf import settings
from openviper.db.registry import registry
from openviper.primitives.threads import run_in_thread

__all__ = ["ready", "shutdown", "startup"]

_EVENTS: Final = "openviper.db.events.watchers"

#: What the first query would load, for which a visitor had to wait a quarter of a second.
_QUERIES: Final = (
    "openviper.db.queryset.work",
    "openviper.db.query.lowering",
    "openviper.db.compiler.select",
    "openviper.db.compiler.write",
    "openviper.db.dialects.sqltypes",
)


def ready() -> None:
    """Import the ``events`` modules of the apps, and what ``MODEL_EVENTS`` names; tell of handlers that are refused.

    Raises:
        AppLifecycleImportError: A module is there and cannot be imported.
        ImproperlyConfigured: The setting cannot work.
    """
    installed_apps.import_submodules("events")
    # Where nobody has registered a handler and the setting names none, nothing is loaded for them.
    if settings.MODEL_EVENTS or _EVENTS in sys.modules:
        from openviper.db.events.watchers import handlers  # see above

        handlers.load()
        handlers.tell_unknown()


async def startup() -> None:
    """Load what queries are made with, where models are declared; not in debug, which starts again all day."""
    if len(registry) and not settings.DEBUG:
        await run_in_thread(_load)


async def shutdown() -> None:
    """Close the connections of the running event loop, if there are any."""
    # A server whose code never asked for a database does not load them to close none.
    if "openviper.db.connections" in sys.modules:
        from openviper.db.connections import close_db  # loaded by whoever opened something

        await close_db()


def _load() -> None:
    for name in _QUERIES:
        import_module(name)
