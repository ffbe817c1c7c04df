"""List the routes of the project's application."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from openviper.app import OpenViper
from openviper.conf.border import named_failure
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.exceptions import CommandError
from openviper.management.table import write_table
from openviper.management.target import find_application
from openviper.primitives.json import encode
from openviper.routing.route import HTTP_METHODS
from openviper.routing.router import Router


class Command(BaseCommand):
    """Prints a table, or JSON, of every address and the handler behind it: a function, or a method of a view."""

    help = "List the routes: path, methods, name and handler."
    owns_stdout = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print a JSON list in place of the table")

    def handle(self, *, json: bool) -> None:
        """Print the routes, those of mounted applications of ours included.

        Raises:
            CommandError: There is no application, or it is not one of ours.
            ApplicationLoadError: It cannot be imported.
            ImproperlyConfigured: Its routes cannot be.
        """
        target = find_application(self.project)
        app = target.load()
        if not isinstance(app, OpenViper):
            raise CommandError(
                f"{target.text} is of type {type(app).__name__}; only the routes of an OpenViper are known"
            )
        rows = list(_iter_rows(app))
        if json:
            self.stdout(_as_json(rows))
        elif not rows:
            self.stdout("The application has no routes.")
        else:
            # Most projects have no tags, and a column of nothing would push the handlers out of the window.
            has_tags = any(row.tags for row in rows)
            cells = [
                (row.path, ",".join(row.methods), row.name, *([",".join(row.tags)] if has_tags else []), row.handler)
                for row in rows
            ]
            tags = ("Tags",) if has_tags else ()
            titles = ("Path", "Methods", "Name", *tags, "Handler")
            write_table(self.out, titles, cells, styles=("cyan", "", "", *("" for _ in tags), "dim"))


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    methods: tuple[str, ...]
    name: str
    handler: str
    tags: tuple[str, ...] = ()


def _iter_rows(router: Router, prefix: str = "") -> Iterator[_Row]:
    if isinstance(router, OpenViper):
        with named_failure("the project's routes"):
            router.discover_routes()
    for route in router.routes:
        methods = sorted(route.methods, key=_method_rank)
        yield _Row(prefix + route.path, tuple(methods), route.name, _describe(route.handler), route.tags)
    for mount in router.mounts:
        if isinstance(mount.app, OpenViper):
            yield from _iter_rows(mount.app, prefix + mount.path)
        else:
            yield _Row(f"{prefix}{mount.path}/...", ("*",), "", _describe(mount.app))


def _method_rank(method: str) -> tuple[int, str]:
    return (HTTP_METHODS.index(method) if method in HTTP_METHODS else len(HTTP_METHODS), method)


def _describe(handler: object) -> str:
    """Name a function or class by where it is defined, any other object by its class."""
    named = handler if inspect.isfunction(handler) or inspect.isclass(handler) else type(handler)
    return f"{named.__module__}.{named.__qualname__}"


def _as_json(rows: Sequence[_Row]) -> str:
    return encode([asdict(row) for row in rows], indent=True).decode()
