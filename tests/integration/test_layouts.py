"""Projects of both layouts, as ``create-project`` makes them: the same commands do the same, from wherever."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from openviper.management.scaffold import create_project
from tests.integration.processes import Server, run, script, viperctl

#: Where the modules of a project named ``shop`` are, by layout: what stands before their names, and their folder.
MODULES: Final[Mapping[str, str]] = {"package": "shop.", "flat": ""}
FOLDERS: Final[Mapping[str, str]] = {"package": "shop", "flat": "."}

ASK: Final = (
    "import os\n"
    "from openviper.conf import project_folder\n"
    "print(settings.module, settings.source('SECRET_KEY'), project_folder(), os.getcwd())\n"
)


@pytest.fixture(params=["package", "flat"])
def layout(request: pytest.FixtureRequest) -> str:
    """The layout of the project."""
    return str(request.param)


@pytest.fixture
def site(layout: str, tmp_path: Path) -> Path:
    """A new project ``shop`` of that layout; the folder beside it, ``elsewhere``, has nothing to do with it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_text("SECRET_KEY=of-another-project\n")
    return create_project("shop", tmp_path, flat=layout == "flat")


def by_script(site: Path, *words: str) -> list[str]:
    return [sys.executable, str(site / "viperctl.py"), *words]


def files_below(folder: Path) -> dict[str, bytes]:
    caches = {"__pycache__", ".pytest_cache"}
    files = (path for path in folder.rglob("*") if path.is_file() and not caches & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_flat_project_has_no_package(tmp_path: Path) -> None:
    """``create-project --flat`` puts the modules of the package beside the rest, and nothing else is different."""
    for words in (["--directory", "packages"], ["--flat"]):
        assert run([script("openviper"), "create-project", "shop", *words], tmp_path).returncode == 0

    package, flat = set(files_below(tmp_path / "packages" / "shop")), set(files_below(tmp_path / "shop"))

    assert {name.removeprefix("shop/") for name in package} - {"__init__.py"} == flat
    assert {"asgi.py", "routes.py", "settings.py", "views.py", "viperctl.py"} <= flat


@pytest.mark.parametrize("entry", ["openviper", "viperctl.py"])
def test_commands_answer_in_the_folder(site: Path, layout: str, entry: str) -> None:
    """Both entry points run the commands of a project of either layout (C-020, C-021, C-022)."""

    def output(*words: str) -> str:
        command = [script("openviper"), "viperctl", *words] if entry == "openviper" else by_script(site, *words)
        done = run(command, site)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert output("check", "--fail-level", "warning") == "No problems found.\n"
    assert output("routes").splitlines()[1].split() == ["/", "GET", "home", f"{MODULES[layout]}views.home"]
    assert output("shell", "-c", ASK) == f"{MODULES[layout]}settings dotenv {site} {site}\n"
    assert "1 passed" in output("test")


def test_script_serves_its_project_from_any_folder(site: Path, layout: str, tmp_path: Path) -> None:
    """The folder of ``viperctl.py`` is the project's, ``.env`` included; nobody changes directory (C-022, W-25)."""
    elsewhere = tmp_path / "elsewhere"
    before = files_below(site)

    def output(*words: str) -> str:
        done = run(by_script(site, *words), elsewhere)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert output("shell", "-c", ASK) == f"{MODULES[layout]}settings dotenv {site} {elsewhere}\n"
    assert output("check", "--fail-level", "warning") == "No problems found.\n"
    assert f"{MODULES[layout]}views.home" in output("routes")
    assert "1 passed" in output("test")
    assert "1 passed" in output("test", "../shop/tests/test_home.py:test_home_page_greets")
    assert "1 passed" in output("test", "tests/test_home.py")
    assert files_below(site) == before
    assert [path.name for path in elsewhere.iterdir()] == [".env"]


def test_linked_script_stands_for_its_project(site: Path, layout: str, tmp_path: Path) -> None:
    """A link to ``viperctl.py``, under any name, runs the commands of the project that it leads to (C-022)."""
    (tmp_path / "manage-shop").symlink_to(site / "viperctl.py")

    done = run([sys.executable, "manage-shop", "shell", "-c", ASK], tmp_path)

    assert done.stdout == f"{MODULES[layout]}settings dotenv {site} {tmp_path}\n"


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_plain_pytest_runs_the_tests(site: Path, layout: str, tmp_path: Path, place: str) -> None:
    """Plain pytest finds the application and its settings, in the project's folder and given its path."""
    (site / "tests" / "test_settings.py").write_text(
        "from openviper.conf import settings\n\n\n"
        "def test_settings_are_those_of_the_project(app: object) -> None:\n"
        f"    assert settings.module == '{MODULES[layout]}settings'\n"
        "    assert settings.source('SECRET_KEY') == 'dotenv'\n"
    )

    words = [] if place == "inside" else [str(site)]
    tested = run([sys.executable, "-m", "pytest", *words], site if place == "inside" else tmp_path / "elsewhere")

    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout


@pytest.mark.parametrize("server", ["runserver", "script elsewhere", "uvicorn", "uvicorn elsewhere"])
def test_project_is_served(site: Path, layout: str, tmp_path: Path, server: str) -> None:
    """The project answers under our server and under plain uvicorn, wherever they are started (C-021, W-26)."""
    views = site / FOLDERS[layout] / "views.py"
    views.write_text(
        "from openviper import PlainTextResponse, Request\nfrom openviper.conf import settings\n\n\n"
        "async def home(request: Request) -> PlainTextResponse:\n"
        "    return PlainTextResponse(f\"{settings.module} {settings.source('SECRET_KEY')}\")\n"
    )
    serving = ["runserver", "--no-reload", "--port", "0"]
    uvicorn = [sys.executable, "-m", "uvicorn", f"{MODULES[layout]}asgi:app", "--port", "0", "--app-dir", str(site)]
    words = {
        "runserver": [sys.executable, "-m", "openviper", "viperctl", *serving],
        "script elsewhere": by_script(site, *serving),
        "uvicorn": uvicorn,
        "uvicorn elsewhere": uvicorn,
    }[server]

    with Server(words, tmp_path / "elsewhere" if server.endswith("elsewhere") else site) as running:
        answer = running.get("/")

    assert answer == (200, f"{MODULES[layout]}settings dotenv")


def test_workers_find_the_env_file_too(site: Path, layout: str, tmp_path: Path) -> None:
    """Processes that the server starts agree with it about the project's folder."""
    (site / FOLDERS[layout] / "views.py").write_text(
        "from openviper.conf import settings\n\n\n"
        "async def home() -> str:\n"
        "    return str(settings.source('SECRET_KEY'))\n"
    )

    words = by_script(site, "runserver", "--workers", "2", "--port", "0")
    with Server(words, tmp_path / "elsewhere") as running:
        assert running.get("/") == (200, "dotenv")


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_app_and_command_join_the_project(site: Path, layout: str, tmp_path: Path, place: str) -> None:
    """``create-app`` and ``create-command`` write into the project, and what they say makes them part of it."""
    folder = site if place == "inside" else tmp_path / "elsewhere"

    created = run(by_script(site, "create-app", "blog"), folder)
    assert created.stdout.startswith(f"Created {site / 'blog'}\n")
    assert run(by_script(site, "create-command", "greet", "blog"), folder).returncode == 0

    settings = site / FOLDERS[layout] / "settings.py"
    settings.write_text(settings.read_text().replace("tuple[str, ...] = ()", 'tuple[str, ...] = ("blog",)'))
    greeted = run(by_script(site, "greet", "--name", "Ada"), folder)
    tested = run(by_script(site, "test"), folder)

    assert (greeted.returncode, greeted.stdout) == (0, "Hello, Ada!\n")
    assert "2 passed" in tested.stdout, tested.stdout


def test_generated_code_is_clean_and_typed(site: Path) -> None:
    """Ruff and the strict mode of mypy accept every line of a new project, an app and a command."""
    assert viperctl(site, "create-app", "blog").returncode == 0
    assert viperctl(site, "create-command", "greet", "blog").returncode == 0

    for words in (["check"], ["check", "--isolated"], ["format", "--check"], ["format", "--check", "--isolated"]):
        result = run([sys.executable, "-m", "ruff", *words, "--no-cache", "."], site)
        assert result.returncode == 0, result.stdout + result.stderr
    typed = run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(site.parent / "cache"), "."], site)
    assert typed.returncode == 0, typed.stdout
