"""Serve the project."""

import os
from argparse import BooleanOptionalAction
from typing import Any

from openviper.conf.lazy import settings
from openviper.conf.logging import configure_logging
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.serving import add_serving_arguments
from openviper.management.target import find_application
from openviper.server.run import serve
from openviper.server.target import Target


class Command(BaseCommand):
    """Serves the application of the project, or one that is named, with reload while developing."""

    help = "Serve the project, with reload when a file changes while DEBUG is on."
    # The application sets its apps up itself, in each of the processes that serve it.
    needs_apps = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the application and how it is served."""
        parser.add_argument(
            "app", nargs="?", help="the application, as in shop.asgi:app; that of the project by default"
        )
        parser.add_argument(
            "--reload", action=BooleanOptionalAction, help="start anew when a file changes (default: as DEBUG)"
        )
        add_serving_arguments(parser)

    def handle(self, *, app: str | None, reload: bool | None, workers: int, **options: Any) -> int:
        """Serve until told to stop.

        Raises:
            CommandError: The project has no application.
            ApplicationLoadError: What was named is no name of an application.
        """
        # The process that watches over others has no application that would do it.
        configure_logging(settings)
        target = find_application(self.project) if app is None else Target.parse(app)
        if reload is None:
            # Who asks for workers wants to see them; and only POSIX systems can reload.
            reload = settings.DEBUG and workers == 1 and os.name == "posix"
        if options["log_format"] is None and settings.LOG_FORMAT == "json" and not settings.LOGGING:
            options["log_format"] = "json"  # also for what is said before the application has set up its logging
        root = self.project.root
        return serve(
            target.text,
            factory=target.is_factory,
            reload=reload,
            workers=workers,
            app_dir=root,
            trusted_proxies=settings.TRUSTED_PROXIES,
            proxy_headers=settings.TRUSTED_PROXY_HEADERS,
            unwatched=(root / settings.MEDIA_ROOT, root / settings.STATIC_ROOT),
            **options,
        )
