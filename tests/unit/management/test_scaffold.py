"""New projects, apps and commands."""

import ast
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.management import scaffold
from openviper.management.exceptions import CommandError
from openviper.management.scaffold import create_app, create_command, create_project

APP_FILES = ["admin", "events", "lifecycle", "models", "routes", "serializers", "tasks", "tests", "views"]


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_project_has_the_promised_files(tmp_path: Path) -> None:
    """A project in the package layout: script, settings, application, routes, views, page, tests (C-022)."""
    folder = create_project("shop", tmp_path)

    assert folder == tmp_path / "shop"
    assert files_below(folder) == {
        ".env",
        ".env.example",
        ".gitignore",
        "README.md",
        "conftest.py",
        "pyproject.toml",
        "shop/__init__.py",
        "shop/asgi.py",
        "shop/routes.py",
        "shop/settings.py",
        "shop/views.py",
        "static/.gitkeep",
        "templates/home.html",
        "tests/__init__.py",
        "tests/test_home.py",
        "viperctl.py",
    }


def test_project_is_made_in_the_working_directory_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a directory the project lies in the working one."""
    monkeypatch.chdir(tmp_path)

    assert create_project("shop") == tmp_path / "shop"
    assert (tmp_path / "shop" / "viperctl.py").is_file()


def test_missing_parent_folders_are_made(tmp_path: Path) -> None:
    """The folder that is to hold the project may be new as well."""
    assert create_project("shop", tmp_path / "a" / "b").is_dir()


def test_viperctl_can_be_executed_and_secrets_are_private(tmp_path: Path) -> None:
    """``viperctl.py`` has mode 0755, ``.env`` 0600, and the folder what the umask gives to any other."""
    folder = create_project("shop", tmp_path)
    (tmp_path / "plain").mkdir()

    assert stat.S_IMODE((folder / "viperctl.py").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_flat_project_has_its_modules_beside_the_script(tmp_path: Path) -> None:
    """A project in the root layout has the files of one in the package layout, without the package (C-021)."""
    package, flat = create_project("shop", tmp_path / "a"), create_project("shop", tmp_path / "b", flat=True)

    names = {name.removeprefix("shop/") for name in files_below(package)}
    assert files_below(flat) == names - {"__init__.py"}
    assert 'setdefault("OPENVIPER_SETTINGS_MODULE", "settings")' in (flat / "viperctl.py").read_text()
    assert not any("shop." in path.read_text() for path in flat.rglob("*.py"))
    assert "shop/" not in (flat / "README.md").read_text() + (flat / "templates" / "home.html").read_text()


@pytest.mark.parametrize("name", ["routes", "asgi", "views"])
def test_flat_project_is_not_called_like_a_module_of_it(tmp_path: Path, name: str) -> None:
    """The name of the folder is a second name of the modules in it, so it must be another one."""
    with pytest.raises(CommandError, match="another part of every project"):
        create_project(name, tmp_path, flat=True)

    assert list(tmp_path.iterdir()) == []


def test_app_never_hides_a_module_beside_it(tmp_path: Path) -> None:
    """A package wins over a module of its name, so an app called like one is refused."""
    flat = create_project("shop", tmp_path, flat=True)

    with pytest.raises(CommandError, match=r"'views' would hide .*views\.py"):
        create_app("views", flat)

    assert not (flat / "views").exists()


def test_names_are_those_of_the_pages(tmp_path: Path) -> None:
    """Code imports from where the documentation does, and the example of the environment says where a database goes."""
    folder = create_project("shop", tmp_path)
    create_app("blog", folder)

    for routes in ("shop/routes.py", "blog/routes.py"):
        assert "from openviper import Router\n" in (folder / routes).read_text()
    assert "# DATABASE_URL=sqlite:///db.sqlite3\n" in (folder / ".env.example").read_text()


def test_secret_key_is_random_and_lies_only_in_the_ignored_file(tmp_path: Path) -> None:
    """Two projects get two long keys, each found in ``.env`` alone, and git ignores that file."""
    folders = [create_project("shop", tmp_path / place) for place in ("one", "two")]

    keys = [(folder / ".env").read_text().partition("SECRET_KEY=")[2].strip() for folder in folders]
    assert keys[0] != keys[1]
    assert min(map(len, keys)) >= 50
    assert ".env" in (folders[0] / ".gitignore").read_text().splitlines()
    others = [path for path in folders[0].rglob("*") if path.is_file() and path.name != ".env"]
    assert not any(keys[0] in path.read_text() for path in others)


def test_asgi_names_the_settings_before_it_imports_the_framework(tmp_path: Path) -> None:
    """The settings module is in the environment before the application is imported, under any server (W-26)."""
    tree = ast.parse((create_project("shop", tmp_path) / "shop" / "asgi.py").read_text())

    steps = [ast.unparse(node) for node in tree.body]
    naming = steps.index("os.environ.setdefault('OPENVIPER_SETTINGS_MODULE', 'shop.settings')")
    assert naming < steps.index("from openviper import OpenViper")


def test_viperctl_is_six_lines_that_call_the_adapter(tmp_path: Path) -> None:
    """The script names the settings and calls ``FlexibleAdapter().run(sys.argv)`` (A-60, C-022, C-012)."""
    source = (create_project("shop", tmp_path) / "viperctl.py").read_text()

    code = [line for line in source.splitlines() if line and not line.startswith(("#", '"""'))]
    assert len(code) == 6
    assert 'os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "shop.settings")' in source
    assert "sys.exit(FlexibleAdapter().run(sys.argv))" in source


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("my-shop", "no Python identifier; .* as in 'my_shop'$"),
        ("1shop", "no Python identifier; .* begin with a letter$"),
        ("", "no Python identifier"),
        ("../shop", "no Python identifier"),
        ("a/b", "no Python identifier"),
        ("class", "word of the Python language"),
        ("None", "word of the Python language"),
        ("settings", "where every project has its settings"),
        ("\uff53\uff48\uff4f\uff50", "is 'shop' to Python"),
        ("a" * 300, "File name too long; nothing was left behind$"),
        ("asyncio", "hide the module of that name in the standard library"),
        ("__main__", "hide an installed module"),
        ("pytest", "hide an installed module"),
        ("openviper", "hide an installed module"),
        ("tests", "another part of every project"),
        ("static", "another part of every project"),
        ("viperctl", "another part of every project"),
    ],
)
def test_name_that_cannot_be_a_project_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """A name that is no identifier, or hides a module, is refused before anything is written."""
    with pytest.raises(CommandError, match=reason):
        create_project(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["settings", "\uff42\uff4c\uff4f\uff47", "a" * 250, "a" * 300])
def test_name_that_cannot_be_an_app_is_refused(tmp_path: Path, name: str) -> None:
    """Settings of a project, letters that Python reads as others, and names too long for the disk make no app."""
    with pytest.raises(CommandError, match=r"different name|File name too long"):
        create_app(name, tmp_path)

    assert not list(tmp_path.iterdir())


def test_nothing_is_created_from_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a working directory a relative place is nowhere, and saying so is all that happens."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    message = "No such file or directory; nothing was left behind"
    with pytest.raises(CommandError, match=message):
        create_project("shop")
    with pytest.raises(CommandError, match=message):
        create_app("blog")
    with pytest.raises(CommandError, match=message):
        create_command("greet", "blog")


@pytest.mark.parametrize("create", [create_project, create_app])
def test_existing_target_is_left_alone(tmp_path: Path, create: Callable[[str, Path], Path]) -> None:
    """What is there already stays as it is, a file and a dangling link as well."""
    (tmp_path / "shop").write_text("mine")
    (tmp_path / "blog").symlink_to(tmp_path / "nowhere")
    (tmp_path / "site_x").mkdir()

    for name in ("shop", "blog", "site_x"):
        with pytest.raises(CommandError, match=f"{name} already exists; nothing was changed"):
            create(name, tmp_path)

    assert (tmp_path / "shop").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blog", "shop", "site_x"]


def test_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    """A failure of the disk is a CommandError, and the parents made on the way are gone again."""
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match=r"cannot create .*shop: Not a directory; nothing was left behind"):
        create_project("shop", tmp_path / "file")

    assert files_below(tmp_path) == {"file"}


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_project_that_was_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    """A full disk or Ctrl+C in the middle leaves the parent folder as it was, made folders included."""
    written: list[Path] = []

    def write(path: Path, text: str) -> None:
        if len(written) == 5:
            raise failure
        written.append(path)
        path.write_text(text)

    monkeypatch.setattr(scaffold, "_write", write)

    with pytest.raises((CommandError, KeyboardInterrupt)):
        create_project("shop", tmp_path / "new" / "place")

    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []


def test_app_has_a_module_for_each_thing(tmp_path: Path) -> None:
    """An app is a package with one module for each thing an app may have, and a place for migrations."""
    folder = create_app("blog", tmp_path)

    assert files_below(folder) == {"__init__.py", "migrations/__init__.py", *(f"{name}.py" for name in APP_FILES)}
    assert all(ast.get_docstring(ast.parse(path.read_text())) for path in folder.rglob("*.py"))


def test_app_inside_a_package_may_repeat_the_name_of_a_module(tmp_path: Path) -> None:
    """``shop.email`` hides nothing, a top-level ``email`` does."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()

    assert create_app("email", package).is_dir()
    with pytest.raises(CommandError, match="standard library"):
        create_app("email", tmp_path)


def test_command_is_made_with_the_packages_around_it(tmp_path: Path) -> None:
    """The module has underscores where the command has dashes, and lies where commands are looked for."""
    create_app("blog", tmp_path)

    file = create_command("send-mail", "blog", tmp_path)

    assert file == tmp_path / "blog" / "management" / "commands" / "send_mail.py"
    assert (file.parent / "__init__.py").is_file()
    assert (file.parent.parent / "__init__.py").is_file()
    assert [node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)] == ["Command"]


def test_app_below_the_project_package_is_found_by_its_label(tmp_path: Path) -> None:
    """``blog`` finds ``shop.blog`` as well."""
    folder = create_project("shop", tmp_path)
    create_app("blog", folder / "shop")

    assert create_command("send-mail", "blog", folder).is_relative_to(folder / "shop" / "blog")
    assert create_command("get_mail", "shop.blog", folder).name == "get_mail.py"


@pytest.mark.parametrize(
    ("command", "app", "reason"),
    [
        ("Send", "blog", "no name for a command"),
        ("-x", "blog", "no name for a command"),
        ("../x", "blog", "no name for a command"),
        ("check", "blog", "built-in command"),
        ("start-server", "blog", "built-in command"),
        ("greet", "no_such_app", "no app 'no_such_app' below"),
        ("greet", "../blog", "no dotted name"),
        ("taken", "blog", "already exists"),
        ("a" * 300, "blog", "File name too long; nothing was left behind"),
        ("greet", "a" * 300, "File name too long; nothing was left behind"),
    ],
)
def test_command_that_cannot_be_is_refused(tmp_path: Path, command: str, app: str, reason: str) -> None:
    """A wrong name, a name that is taken and a missing app are told apart, and nothing is written."""
    create_app("blog", tmp_path)
    create_command("taken", "blog", tmp_path)
    before = files_below(tmp_path)

    with pytest.raises(CommandError, match=reason):
        create_command(command, app, tmp_path)

    assert files_below(tmp_path) == before


def test_two_apps_of_one_label_are_not_guessed_between(tmp_path: Path) -> None:
    """Where a label fits two apps, both are named."""
    for package in ("one", "two"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        create_app("blog", tmp_path / package)

    with pytest.raises(CommandError, match="several apps answer to 'blog'"):
        create_command("greet", "blog", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_command_in_a_read_only_app_leaves_nothing(tmp_path: Path) -> None:
    """A folder that may not be written to is one message."""
    folder = create_app("blog", tmp_path)
    folder.chmod(0o500)
    try:
        with pytest.raises(CommandError, match="Permission denied; nothing was left behind"):
            create_command("greet", "blog", tmp_path)
    finally:
        folder.chmod(0o700)


def test_packages_made_for_a_command_go_when_it_cannot_be_written(tmp_path: Path) -> None:
    """The packages around a command are undone with it."""
    folder = create_app("blog", tmp_path)
    (folder / "management").mkdir()
    (folder / "management" / "commands").write_text("in the way")
    before = files_below(tmp_path)

    with pytest.raises(CommandError, match="nothing was left behind"):
        create_command("greet", "blog", tmp_path)

    assert files_below(tmp_path) == before
