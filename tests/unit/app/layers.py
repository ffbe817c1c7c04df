"""Layers and users that the tests of the application share."""

from typing import ClassVar

from openviper.types import ASGIApp, Receive, Scope, Send


class Ada:
    is_authenticated = True
    username = "ada"


class Note:
    """Middleware that notes every scope and puts something into it."""

    seen: ClassVar[list[str]] = []

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Note.seen.append(scope["type"])
        scope["my_plugin_client"] = "client"
        await self.app(scope, receive, send)
