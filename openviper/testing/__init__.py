"""Tools for the tests of projects: a client that calls an app in process, settings for one test, pytest fixtures."""

from openviper.testing.client import TestClient
from openviper.testing.commands import CommandResult, CommandRunner
from openviper.testing.exceptions import (
    AppTimeoutError,
    LifespanFailedError,
    ProtocolError,
    ResponseTooLargeError,
    TooManyRedirectsError,
)
from openviper.testing.permissions import PermissionWatch, watch_permissions
from openviper.testing.queries import max_queries, watch_queries
from openviper.testing.response import TestResponse
from openviper.testing.settings import override_settings
from openviper.testing.stream import StreamedResponse
from openviper.testing.sync import SyncStreamedResponse, SyncTestClient

__all__ = [
    "AppTimeoutError",
    "CommandResult",
    "CommandRunner",
    "LifespanFailedError",
    "PermissionWatch",
    "ProtocolError",
    "ResponseTooLargeError",
    "StreamedResponse",
    "SyncStreamedResponse",
    "SyncTestClient",
    "TestClient",
    "TestResponse",
    "TooManyRedirectsError",
    "max_queries",
    "override_settings",
    "watch_permissions",
    "watch_queries",
]
