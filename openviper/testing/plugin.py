"""The pytest plugin: fixtures that do nothing until a test asks for one.

pytest imports this module in every run, also in those of other projects. So it registers no hook, no fixture runs
by itself, no setting is read and no mode of another plugin is changed.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar, cast

import pytest

from openviper.conf import settings
from openviper.core.project import SETTINGS_VARIABLE
from openviper.testing.client import TestClient
from openviper.testing.commands import CommandRunner
from openviper.testing.project import ProjectUnderTest, find_project_under_test
from openviper.testing.settings import override_settings as override
from openviper.testing.sync import SyncTestClient
from openviper.types import ASGIApp

__all__ = ["app", "cli_runner", "client", "openviper_project", "override_settings", "sync_client"]

F = TypeVar("F", bound=Callable[..., object])


def _async_fixture(function: F) -> F:
    """Register a fixture that is an asynchronous generator, with or without pytest-asyncio."""
    try:
        # Optional; in strict mode it runs the fixtures of its own decorator only. The plugin of anyio runs plain ones.
        from pytest_asyncio import fixture as asyncio_fixture
    except ImportError:
        return cast("F", pytest.fixture(function))
    return cast("F", asyncio_fixture(function))


@pytest.fixture(scope="session")
def openviper_project(pytestconfig: pytest.Config) -> Iterator[ProjectUnderTest]:
    """The project whose tests are running, importable and with its settings named, until the session ends.

    ``OPENVIPER_ENV`` becomes ``testing`` where it is not set. Settings that are loaded already are left as they are.
    """
    project = find_project_under_test(pytestconfig.rootpath, os.environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(project.root)
        if not settings.is_loaded:
            given = {"OPENVIPER_ENV": "testing", SETTINGS_VARIABLE: project.settings_module}
            for name, value in given.items():
                if value is not None and not os.environ.get(name):
                    patch.setenv(name, value)
        yield project


@pytest.fixture
def app(openviper_project: ProjectUnderTest) -> ASGIApp:
    """The application of the project; a fixture of this name in a ``conftest.py`` replaces it."""
    return openviper_project.load_app()


@_async_fixture
async def client(app: ASGIApp) -> AsyncIterator[TestClient]:
    """A ``TestClient`` of ``app`` for asynchronous tests; the application has started and is stopped afterwards."""
    async with TestClient(app) as started:
        yield started


@pytest.fixture
def sync_client(app: ASGIApp) -> Iterator[SyncTestClient]:
    """A ``SyncTestClient`` of ``app`` for plain tests; the application has started and is stopped afterwards."""
    with SyncTestClient(app) as started:
        yield started


@pytest.fixture
def override_settings(openviper_project: ProjectUnderTest) -> Iterator[Callable[..., None]]:
    """A function that gives settings other values until the test ends: ``override_settings(DEBUG=True)``."""
    with ExitStack() as blocks:

        def give(**values: object) -> None:
            blocks.enter_context(override(**values))

        yield give


@pytest.fixture
def cli_runner(openviper_project: ProjectUnderTest) -> CommandRunner:
    """Runs commands of the project: ``cli_runner("check")``, or ``await cli_runner.acall("check")``."""
    return CommandRunner()
