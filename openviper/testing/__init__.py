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
from openviper.testing.response import TestResponse
from openviper.testing.settings import override_settings
from openviper.testing.sync import SyncTestClient

__all__ = [
    "AppTimeoutError",
    "CommandResult",
    "CommandRunner",
    "LifespanFailedError",
    "ProtocolError",
    "ResponseTooLargeError",
    "SyncTestClient",
    "TestClient",
    "TestResponse",
    "TooManyRedirectsError",
    "override_settings",
]
