"""The pytest plugin, run as a project runs it: in a pytest of its own."""

import os
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

STRICT = """
[pytest]
asyncio_default_fixture_loop_scope = function
"""

ASGI = """
life = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            life.append(phase)
            await send({"type": f"lifespan.{phase}.complete"})
        return
    from openviper.conf import settings
    from openviper.conf.environment import current_environment
    body = f"{settings.PROJECT_NAME} {current_environment()} {life[-1]}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The folder of a small project, with nothing of ours in the environment."""
    for name in [name for name in os.environ if name.startswith("OPENVIPER_")]:
        monkeypatch.delenv(name)
    pytester.makeini(STRICT)
    package = pytester.mkpydir("shop")
    (package / "settings.py").write_text('PROJECT_NAME = "Shop"\n')
    (package / "asgi.py").write_text(ASGI)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # Not the cache of the outer run, and no warning of ours may hide.
    return project.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *arguments)


def test_plugin_is_inert_until_a_fixture_is_used(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our fixtures nothing runs, no setting is read, and asyncio's mode stays as it is (C-039c)."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "there.is.no.such.module")
    project.makepyfile(
        """
        import os
        import sys

        import openviper.testing.plugin as plugin

        def test_nothing_has_happened(request):
            from openviper.conf import settings
            assert not settings.is_loaded
            assert not set(plugin.__all__) & set(request.fixturenames)
            assert request.config.getini("asyncio_mode") == "strict"
            assert "OPENVIPER_ENV" not in os.environ
            assert "shop.asgi" not in sys.modules
            assert not [name for name in sys.modules if name.startswith("openviper.db")]
            assert not [name for name in vars(plugin) if name.startswith("pytest_")]
        """
    )
    run(project).assert_outcomes(passed=1)


def test_clients_talk_to_the_started_application(project: pytest.Pytester) -> None:
    """Both clients find the application by the layout, start it and stop it; strict mode needs its mark only."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.asyncio
        async def test_asynchronous(client):
            response = await client.get("/")
            assert response.text == "Shop testing startup"

        def test_plain(sync_client):
            assert sync_client.get("/").text == "Shop testing startup"

        def test_application(app):
            assert (app.__module__, app.__globals__["life"]) == ("shop.asgi", ["startup", "shutdown"] * 2)
        """
    )
    run(project).assert_outcomes(passed=3)


def test_async_client_in_auto_mode(project: pytest.Pytester) -> None:
    """In auto mode not even the mark is needed."""
    project.makepyfile(
        """
        async def test_asynchronous(client):
            assert (await client.get("/")).is_success
        """
    )
    run(project, "-o", "asyncio_mode=auto").assert_outcomes(passed=1)


def test_plugin_works_without_pytest_asyncio(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pytest-asyncio is not installed, plain tests work as they are and the plugin of anyio runs the others."""
    project.makepyfile(
        """
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_asynchronous(client):
            assert (await client.get("/")).is_success

        def test_plain(sync_client):
            assert sync_client.get("/").is_success
        """
    )
    program = project.makefile(
        ".txt",
        without_asyncio=(
            "import sys\n"
            "sys.modules['pytest_asyncio'] = None\n"
            "import pytest\n"
            "sys.exit(pytest.main(['-q', '-p', 'anyio', '-p', 'openviper.testing.plugin', '-p', 'no:cacheprovider']))\n"
        ),
    )
    project.makeini("[pytest]\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = project.run(sys.executable, program)
    result.assert_outcomes(passed=2)


def test_fixture_of_the_project_replaces_ours(project: pytest.Pytester) -> None:
    """An app fixture in conftest.py is the application of the clients."""
    project.makeconftest(
        """
        import pytest

        @pytest.fixture
        def app():
            async def hello(scope, receive, send):
                if scope["type"] == "lifespan":
                    for phase in ("startup", "shutdown"):
                        await receive()
                        await send({"type": f"lifespan.{phase}.complete"})
                    return
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"mine"})
            return hello
        """
    )
    project.makepyfile("def test_mine(sync_client):\n    assert sync_client.get('/').text == 'mine'\n")
    run(project).assert_outcomes(passed=1)


def test_application_is_configured_in_pyproject(project: pytest.Pytester) -> None:
    """The table names application and settings, and is reported by name when it is wrong."""
    (project.path / "shop" / "web.py").write_text("from shop.asgi import app as application\n")
    table = '[tool.openviper.testing]\napp = "shop.web:application"\n'
    (project.path / "pyproject.toml").write_text(table)
    project.makepyfile("def test_found(app):\n    assert app.__module__ == 'shop.asgi'\n")
    run(project).assert_outcomes(passed=1)

    (project.path / "pyproject.toml").write_text(table.replace("app =", "ap ="))
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*has ap; it may have app and settings*"])


def test_failed_startup_is_told_by_the_test(project: pytest.Pytester) -> None:
    """A startup that fails is an error of the test that asked for the client, with the application's message."""
    (project.path / "shop" / "asgi.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database today'})\n"
    )
    project.makepyfile("def test_home(sync_client):\n    pass\n")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*LifespanFailedError: no database today"])


def test_overridden_settings_return_after_the_test(project: pytest.Pytester) -> None:
    """What a test overrides through the fixture is gone in the next one; the project's settings are the base."""
    project.makepyfile(
        """
        from openviper.conf import settings

        def test_first(override_settings):
            assert settings.PROJECT_NAME == "Shop"
            override_settings(PROJECT_NAME="first")
            override_settings(PROJECT_NAME="second", VERSION="2")
            assert (settings.PROJECT_NAME, settings.VERSION) == ("second", "2")

        def test_second():
            assert settings.PROJECT_NAME == "Shop"
        """
    )
    run(project).assert_outcomes(passed=2)


def test_settings_that_are_loaded_are_left_alone(project: pytest.Pytester) -> None:
    """A conftest.py that configures the settings itself keeps what it configured."""
    project.makeconftest("from openviper.conf import settings\nsettings.configure(PROJECT_NAME='by hand')\n")
    project.makepyfile(
        """
        import os
        from openviper.conf import settings

        def test_kept(override_settings):
            assert settings.PROJECT_NAME == "by hand"
            assert "OPENVIPER_SETTINGS_MODULE" not in os.environ
        """
    )
    run(project).assert_outcomes(passed=1)


def test_command_is_run_in_the_project(project: pytest.Pytester) -> None:
    """cli_runner runs a command of the framework in the project's settings and captures its output."""
    project.makepyfile(
        """
        def test_help(cli_runner, capsys):
            result = cli_runner("check", "--help")
            assert result.exit_code == 0
            assert "usage" in result.out.lower()
            assert capsys.readouterr() == ("", "")
        """
    )
    run(project).assert_outcomes(passed=1)


def test_environment_is_as_before_after_the_session(project: pytest.Pytester) -> None:
    """Variables and search path that the plugin set for the session are taken back at its end."""
    project.makeconftest(
        """
        import os
        import sys

        before = (dict(os.environ).get("OPENVIPER_ENV"), list(sys.path))

        def pytest_unconfigure():
            after = (os.environ.get("OPENVIPER_ENV"), list(sys.path))
            print("restored" if after == before else f"{before} became {after}")
        """
    )
    project.makepyfile("import os\ndef test_home(app):\n    assert os.environ['OPENVIPER_ENV'] == 'testing'\n")
    result = run(project, "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["restored"])


def test_plugin_imports_nothing_heavy(project: pytest.Pytester) -> None:
    """A run of another project pays for no template engine, no server and no command of ours (C-039c)."""
    project.makepyfile(
        """
        import sys

        def test_modules():
            heavy = {"jinja2", "sqlalchemy", "uvicorn", "rich", "pydantic", "openviper.management", "openviper.server"}
            assert not heavy & set(sys.modules)
        """
    )
    run(project).assert_outcomes(passed=1)


def test_module_says_what_it_is() -> None:
    """The entry point of the distribution names the module that this file tests (C-039c)."""
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="pytest11", name="openviper")
    assert Path(sys.modules[entry.load().__name__].__file__ or "").name == "plugin.py"
