"""What is told beside an error: the request, the settings and the versions, as rows of text without secrets."""

import platform
import re
import sys
from itertools import islice
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from openviper._version import __version__
from openviper.conf import settings
from openviper.conf.masking import MASK
from openviper.http.cookies import parse_cookies
from openviper.middleware.debug.frames import working_directory
from openviper.middleware.debug.values import hide, is_secret, show_header, show_value
from openviper.types import Scope

__all__ = ["Rows", "request_facts", "settings_facts", "show_path", "version_facts"]

Rows: TypeAlias = list[tuple[str, str]]

_MOST_ROWS: Final = 60
_MOST_NAME: Final = 200
_MOST_PATH: Final = 2000


def request_facts(scope: Scope) -> dict[str, Rows]:
    """Give what the client sent, by title: the request itself, its parameters, header fields and cookies.

    Args:
        scope: An ASGI scope of type http.
    """
    headers = [(name.decode("latin-1"), value) for name, value in islice(scope["headers"], _MOST_ROWS)]
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True, errors="replace")
    cookies = parse_cookies([value for name, value in headers if name == "cookie"])
    tables = {
        "Request": _request_itself(scope),
        "Path parameters": [(name, show_value(value, name)) for name, value in scope.get("path_params", {}).items()],
        "Query": [(name, show_value(value, name)) for name, value in query[:_MOST_ROWS]],
        "Headers": [(name, show_header(name, value.decode("latin-1"))) for name, value in headers],
        "Cookies": [(name, MASK) for name in islice(cookies, _MOST_ROWS)],
    }
    return {title: [(name[:_MOST_NAME], text) for name, text in rows] for title, rows in tables.items() if rows}


def show_path(scope: Scope) -> str:
    """Write the path of a request without its parameters that have the name of a secret.

    Args:
        scope: An ASGI scope of type http.
    """
    path = str(scope.get("path", ""))
    for name, value in scope.get("path_params", {}).items():
        if is_secret(name) and (text := str(value)):
            # A short one may stand inside a word of the path as well; the value of a UUID has small letters.
            path = re.sub(rf"(?i)(?<![a-z0-9]){re.escape(text)}(?![a-z0-9])", MASK, path)
    return hide(path)


def settings_facts() -> Rows:
    """Give every setting and its value; nothing while the settings cannot be read."""
    if not settings.is_loaded:
        return []
    return [(name, MASK if value == MASK else show_value(value)) for name, value in settings.as_dict().items()]


def version_facts() -> Rows:
    """Give what runs here."""
    return [
        ("OpenViper", __version__),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("System", f"{platform.system()} {platform.release()} ({platform.machine()})"),
        ("Executable", sys.executable),
        ("Working directory", str(working_directory() or "gone")),
        ("Settings module", settings.module or "none, the defaults"),
    ]


def _request_itself(scope: Scope) -> Rows:
    client = scope.get("client")
    rows = [
        ("Method", str(scope.get("method", ""))),
        ("Path", show_path(scope)[:_MOST_PATH]),
        ("Mounted at", str(scope.get("root_path", ""))),
        ("Scheme", f"{scope.get('scheme', 'http')}, HTTP/{scope.get('http_version', '?')}"),
        ("Client", f"{client[0]} port {client[1]}" if client else ""),
        ("User", show_value(scope["user"]) if "user" in scope else ""),
    ]
    return [(name, text) for name, text in rows if text]
