"""The pytest plugin: fixtures that do nothing until a test asks for one.

pytest imports this module in every run, also in those of other projects. So it registers no hook, no fixture runs
by itself, no setting is read and no mode of another plugin is changed.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

import pytest

from openviper.apps.bootstrap import setup
from openviper.conf import settings
from openviper.core.project import SETTINGS_VARIABLE
from openviper.testing.client import TestClient
from openviper.testing.commands import CommandRunner
from openviper.testing.project import ProjectUnderTest, find_project_under_test
from openviper.testing.settings import override_settings as override
from openviper.testing.sync import SyncTestClient
from openviper.types import ASGIApp

if TYPE_CHECKING:
    from openviper.testing.databases import TestDatabases

__all__ = [
    "app",
    "cli_runner",
    "client",
    "db",
    "db_rows",
    "openviper_databases",
    "openviper_project",
    "override_settings",
    "sync_client",
]

# The command ``test --keepdb`` sets it.
_KEEP_VARIABLE: Final = "OPENVIPER_TEST_KEEPDB"
_WORDS_FOR_NO: Final = frozenset({"", "0", "false", "no", "off"})

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


@pytest.fixture(scope="session")
def db_rows() -> Callable[[], Awaitable[None]] | None:
    """The rows that every test with ``db`` begins with: none.

    A fixture of this name and scope in a ``conftest.py`` gives a coroutine function that writes some; it is called
    once, and tests get copies of what it has written.
    """
    return None


@pytest.fixture(scope="session")
def openviper_databases(
    pytestconfig: pytest.Config,
    openviper_project: ProjectUnderTest,
    db_rows: Callable[[], Awaitable[None]] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> "Iterator[TestDatabases]":
    """What ``db`` copies from, made when the first test asks and dropped when the session ends.

    ``OPENVIPER_TEST_KEEPDB=1`` leaves all of it where it is, as the last test left it, until another run asks.
    """
    from openviper.testing.databases import TestDatabases  # loads the ORM, which few runs of pytest need

    setup()
    if openviper_project.app is not None:
        # Its modules may bring models, or state a database; one that cannot be imported fails where it is needed.
        with suppress(ImportError):
            openviper_project.load_app()
    keep = os.environ.get(_KEEP_VARIABLE, "").strip().lower() not in _WORDS_FOR_NO
    folder = _lasting_folder(pytestconfig) if keep else None
    databases = TestDatabases(folder or tmp_path_factory.mktemp("databases"), db_rows, keep=keep)
    yield databases
    kept = databases.end()
    if kept:
        _ = pytestconfig.pluginmanager.register(_Report(kept))


class _Report:
    """A plugin of pytest that says at the end of the output where databases are."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        for alias, place in self._places.items():
            terminalreporter.write_line(f"database {alias!r} of the last test: {place}")


def _lasting_folder(config: pytest.Config) -> Path | None:
    """Give a folder that pytest does not clear; None where its cache is switched off."""
    if not config.pluginmanager.has_plugin("cacheprovider"):
        return None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return config.cache.mkdir(f"openviper-databases{worker and f'-{worker}'}")


@pytest.fixture
def db(openviper_databases: "TestDatabases") -> Iterator[None]:
    """A database of the test's own for every alias of the settings, with the tables of all models.

    The tables hold what ``db_rows`` wrote, by default nothing. Whatever the test, the application and its commands do
    in them is real, and gone when the test ends.
    """
    with openviper_databases.lend():
        yield


@pytest.fixture
def _own_database(request: pytest.FixtureRequest) -> None:
    # An application that starts before would find the database of the developer.
    if "db" in request.fixturenames:
        request.getfixturevalue("db")


@_async_fixture
async def client(_own_database: None, app: ASGIApp) -> AsyncIterator[TestClient]:
    """A ``TestClient`` of ``app`` for asynchronous tests; the application has started and is stopped afterwards."""
    async with TestClient(app) as started:
        yield started


@pytest.fixture
def sync_client(_own_database: None, app: ASGIApp) -> Iterator[SyncTestClient]:
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
