"""A project as it comes from ``create-project``: everything about it works at once."""

import sys
from pathlib import Path

import pytest

from tests.integration.processes import run, script, serve, viperctl
from tests.integration.sites import add_app, add_setting


def files_below(folder: Path) -> set[str]:
    """Every file of a project but the caches of the tools."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not {".pytest_cache", ".ruff_cache", ".git", "__pycache__"} & set(path.parts)
    }


def test_project_is_made_by_the_command(tmp_path: Path) -> None:
    """``openviper create-project`` prints where the project is and refuses to write over it."""
    made = run([script("openviper"), "create-project", "shop"], tmp_path)
    again = run([script("openviper"), "create-project", "shop"], tmp_path)
    elsewhere = run([script("openviper"), "create-project", "shop", "--directory", "new/place"], tmp_path)
    wrong = run([script("openviper"), "create-project", "my-shop"], tmp_path)

    assert made.returncode == 0
    assert made.stdout.startswith(f"Created {tmp_path / 'shop'}\n")
    assert (again.returncode, again.stderr) == (1, f"{tmp_path / 'shop'} already exists; nothing was changed\n")
    assert elsewhere.returncode == 0
    assert files_below(tmp_path / "shop") == files_below(tmp_path / "new" / "place" / "shop")
    assert wrong.returncode == 1
    assert "no Python identifier" in wrong.stderr


def test_new_project_passes_its_check(project: Path) -> None:
    """``check`` finds nothing to complain about."""
    checked = viperctl(project, "check")

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("way", ["viperctl", "pytest"])
def test_new_project_passes_its_own_tests(project: Path, way: str) -> None:
    """The generated test passes, through the command and through plain pytest."""
    words = {
        "viperctl": [sys.executable, "viperctl.py", "test"],
        "pytest": [sys.executable, "-m", "pytest"],
    }[way]

    tested = run(words, project)

    assert tested.returncode == 0, tested.stdout
    assert "1 passed" in tested.stdout


def test_generated_tests_need_pytest_only(project: Path) -> None:
    """Without a plugin for asynchronous tests those of a new project and a new app pass, and nothing is warned of."""
    assert viperctl(project, "create-app", "blog").returncode == 0

    tested = run([sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:anyio"], project)

    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    assert "warning" not in tested.stdout


def test_git_keeps_the_secret_out(project: Path) -> None:
    """``.env`` is ignored from the first commit on, ``.env.example`` is not."""
    run(["git", "init", "--quiet", "."], project)

    assert run(["git", "check-ignore", ".env"], project).returncode == 0
    assert run(["git", "check-ignore", ".env.example"], project).returncode == 1


def test_new_app_passes_its_test_and_joins_as_it_says(project: Path) -> None:
    """The lines that ``create-app`` prints make the app part of the site."""
    created = viperctl(project, "create-app", "blog", "--directory", "shop")
    assert created.returncode == 0
    assert 'INSTALLED_APPS = (..., "shop.blog")' in created.stdout
    assert "from shop.blog.routes import router as blog_router" in created.stdout

    add_setting(project, "INSTALLED_APPS: tuple[str, ...]", '("shop.blog",)')
    routes = project / "shop" / "routes.py"
    routes.write_text(
        routes.read_text()
        .replace("from shop import views", "from shop import views\nfrom shop.blog.routes import router as blog_router")
        .replace('[("/", router)]', '[("/", router), ("/blog", blog_router)]')
    )
    tested = viperctl(project, "test")
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    assert viperctl(project, "check").returncode == 0
    with serve(project) as server:
        assert server.get("/blog/") == (200, '{"app":"blog"}')


def test_new_command_runs_with_its_arguments(project: Path) -> None:
    """A generated command is listed, takes its option and greets."""
    viperctl(project, "create-app", "blog")
    add_setting(project, "INSTALLED_APPS: tuple[str, ...]", '("blog",)')
    created = viperctl(project, "create-command", "say-hello", "blog")

    greeted = viperctl(project, "say-hello", "--name", "Ada")

    assert created.returncode == 0
    assert (greeted.returncode, greeted.stdout) == (0, "Hello, Ada!\n")
    assert "say-hello" in viperctl(project, "help").stdout


def test_both_entry_points_offer_the_same(project: Path) -> None:
    """``python viperctl.py`` and ``openviper viperctl`` list and run the same commands (C-020, C-022)."""
    for words in (["routes", "--json"], ["check", "--json"]):
        ours = run([script("openviper"), "viperctl", *words], project)
        own = run([sys.executable, "viperctl.py", *words], project)

        assert ours.returncode == own.returncode == 0
        assert ours.stdout == own.stdout


def test_commands_leave_nothing_in_the_tree(project: Path) -> None:
    """No command creates a file in the project, nor changes one (W-25)."""
    before = {name: (project / name).read_bytes() for name in files_below(project)}

    for words in (["check"], ["routes"], ["test"], ["help"]):
        viperctl(project, *words)
    with serve(project) as server:
        server.get("/")

    assert {name: (project / name).read_bytes() for name in files_below(project)} == before


def test_root_layout_is_served_from_its_own_folder(tmp_path: Path) -> None:
    """A flat project without ``asgi.py`` is served where it lies, and nothing is added to it (C-021, A-62, W-25)."""
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "settings.py").write_text('PROJECT_NAME = "Flat"\nINSTALLED_APPS = ["notes"]\n')
    (flat / "routes.py").write_text(
        "import os\n"
        "from openviper import Request\n"
        "from openviper.conf import settings\n"
        "from openviper.routing.router import Router\n"
        "from notes import kept\n"
        "router = Router()\n\n\n"
        '@router.get("/")\n'
        "async def home(request: Request) -> dict[str, object]:\n"
        '    return {"name": settings.PROJECT_NAME, "folder": os.getcwd(), "kept": kept}\n\n\n'
        'route_paths = [("/", router)]\n'
    )
    (flat / "notes").mkdir()
    (flat / "notes" / "__init__.py").write_text("kept = []\n\n\nasync def ready() -> None:\n    kept.append('ready')\n")
    before = files_below(flat)

    for words in ([], ["--workers", "2"]):
        with serve(flat, *words) as server:
            status, text = server.get("/")

            assert (status, text) == (200, f'{{"name":"Flat","folder":"{flat}","kept":["ready"]}}')
    assert files_below(flat) == before


def test_folder_without_project_is_told_how_to_begin(tmp_path: Path) -> None:
    """``runserver`` outside a project is one message and exit code 1."""
    result = viperctl(tmp_path, "runserver", "--port", "0")

    assert result.returncode == 1
    assert "openviper create-project" in result.stderr
    assert "Traceback" not in result.stderr


def test_broken_settings_are_one_message(project: Path) -> None:
    """A settings module that cannot be imported stops the server with its name and the cause."""
    add_app(project, "blog")
    with (project / "shop" / "settings.py").open("a") as settings:
        settings.write("\n\nimport no_such_module\n")

    result = viperctl(project, "runserver", "--port", "0", "--no-reload")

    assert result.returncode == 1
    assert "shop.settings" in result.stderr
    assert "no_such_module" in result.stderr
