"""Names for the shapes that cross every border: ASGI and JSON. No code lives here."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

# ASGI 3.0: https://asgi.readthedocs.io/en/latest/specs/main.html
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# Header names are lower case; values are latin-1 (RFC 9110, 5.5).
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
