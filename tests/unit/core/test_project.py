"""Finding the project from the names of files."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from openviper.core.exceptions import AmbiguousProjectError, TargetError
from openviper.core.project import Project, Surroundings, find_project, is_target, package_of_settings

Write = Callable[[Mapping[str, str]], Path]

NOTHING: Mapping[str, str] = {}


@pytest.mark.parametrize("file", ["settings.py", "settings/__init__.py", "models.py", "routes.py"])
def test_folder_with_files_of_a_project_is_a_root_layout(write: Write, file: str) -> None:
    """A folder with settings, models or routes of its own is a project, labelled by its name (C-021, A-62)."""
    root = write({file: ""})

    project = find_project(root, environ=NOTHING)

    settings = "settings" if file.startswith("settings") else None
    assert project == Project(root, "root", None, settings, "shop", "shop")


@pytest.mark.parametrize("file", ["web/settings.py", "web/settings/__init__.py"])
def test_package_with_settings_is_a_package_layout(write: Write, file: str) -> None:
    """A folder whose only package with settings is ``web`` is that project, models and routes or not (C-021, A-62)."""
    root = write({file: "", "blog/models.py": "", "viperctl.py": ""})

    assert find_project(root, environ=NOTHING) == Project(root, "package", "web", "web.settings", "web", "web")


def test_folder_without_a_project_has_no_layout(write: Write) -> None:
    """A folder with nothing of a project is found as just that, with no settings named."""
    root = write({"notes.txt": "", "scripts/run.py": ""})

    assert find_project(root, environ=NOTHING) == Project(root, "none", None, None, None, None)


def test_settings_from_elsewhere_are_the_last_resort(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a folder has no project, a top-level ``settings`` on the search path is taken."""
    root = write({"notes.txt": ""})
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "settings.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "lib")

    assert find_project(root, environ=NOTHING).settings_module == "settings"


def test_several_packages_are_an_error_that_lists_them(write: Write) -> None:
    """Of several packages with settings none is guessed; the error names them all."""
    root = write({"api/settings.py": "", "web/settings.py": ""})

    with pytest.raises(AmbiguousProjectError, match="api, web") as caught:
        find_project(root, environ=NOTHING)
    assert caught.value.candidates == ("api", "web")


def test_package_named_like_its_folder_comes_first(write: Write) -> None:
    """Of several packages with settings the one that is called like the folder is the project."""
    root = write({"api/settings.py": "", "shop/settings.py": ""})

    assert find_project(root, environ=NOTHING).package == "shop"


def test_package_with_routes_comes_before_one_without(write: Write) -> None:
    """Of several packages with settings the only one with models or routes is the project."""
    root = write({"api/settings.py": "", "api/routes.py": "", "tools/settings.py": ""})

    assert find_project(root, environ=NOTHING).package == "api"


def test_target_chooses_among_packages(write: Write) -> None:
    """A target names the project, or an app inside the project, where several are possible (A-38)."""
    root = write({"api/settings.py": "", "web/settings.py": "", "web/blog/models.py": ""})

    assert find_project(root, target="api", environ=NOTHING).settings_module == "api.settings"
    blog = find_project(root, target="web.blog", environ=NOTHING)
    assert (blog.package, blog.settings_module, blog.app) == ("web", "web.settings", "web.blog")


def test_settings_are_searched_in_order(write: Write) -> None:
    """The option wins over the environment, that over the target's own settings, those over the folder's (A-62)."""
    root = write({"settings.py": "", "blog/settings.py": "", "blog/models.py": "", "web/settings.py": ""})
    environ = {"OPENVIPER_SETTINGS_MODULE": "from_environment"}

    def settings(**given: str) -> str | None:
        target, option = given.get("target", "."), given.get("option")
        wanted = environ if "environ" in given else NOTHING
        return find_project(root, target=target, settings_option=option, environ=wanted).settings_module

    assert settings(target="blog", option="from_option", environ="yes") == "from_option"
    assert settings(target="blog", environ="yes") == "from_environment"
    assert settings(target="blog") == "blog.settings"
    assert settings() == "settings"
    (root / "settings.py").unlink()
    (root / "routes.py").touch()
    assert settings() == "blog.settings"  # it has models, which web has not


def test_env_file_names_the_settings(write: Write) -> None:
    """``.env`` counts for commands as it does for the settings: after the environment, before the names of files."""
    root = write({".env": "OPENVIPER_SETTINGS_MODULE=web.prod", "web/prod.py": "", "web/settings.py": ""})

    assert find_project(root, environ=NOTHING).settings_module == "web.prod"
    assert find_project(root / "web", environ=NOTHING).settings_module == "web.prod"
    assert find_project(root, environ={"OPENVIPER_SETTINGS_MODULE": "web.dev"}).settings_module == "web.dev"
    assert find_project(root, settings_option="web.test", environ=NOTHING).settings_module == "web.test"


def test_unreadable_env_file_names_nothing(write: Write) -> None:
    """A ``.env`` that is no text is left to the loading of the settings, which reports it."""
    root = write({"settings.py": ""})
    (root / ".env").write_bytes(b"OPENVIPER_SETTINGS_MODULE=\xff")

    assert find_project(root, environ=NOTHING).settings_module == "settings"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_closed_folder_is_passed_over(write: Write) -> None:
    """A folder that may not be entered, such as one of another user, holds nothing of the project."""
    root = write({"web/settings.py": "", "lost/settings.py": ""})
    (root / "lost").chmod(0o000)

    assert find_project(root, environ=NOTHING).package == "web"
    assert not is_target("lost.settings", root)
    (root / "lost").chmod(0o700)


def test_word_too_long_for_a_file_is_no_target(write: Write) -> None:
    """A word that no file can be called by is no target, whatever the file system says of it."""
    root = write({"settings.py": ""})

    assert not is_target("a" * 300, root)


def test_named_settings_name_the_package(write: Write) -> None:
    """Settings that are named decide which of several packages is the project, as a module or one of several."""
    root = write(
        {"api/settings.py": "", "web/settings/prod.py": "", "web/settings/__init__.py": "", "web/config.py": ""}
    )

    def package(module: str) -> str | None:
        return find_project(root, settings_option=module, environ=NOTHING).package

    assert package("api.settings") == "api"
    assert package("web.settings.prod") == "web"
    assert package("web.config") == "web"
    # Settings that are installed elsewhere serve a folder without saying which package is meant.
    assert package("elsewhere.settings") is None


@pytest.mark.parametrize(
    ("module", "package"),
    [("settings", None), ("web.settings", "web"), ("web.settings.prod", "web"), ("a.web.config", "a.web")],
)
def test_settings_belong_to_a_package(module: str, package: str | None) -> None:
    """The package of a settings module is what stands before it, or before the package of several (A-62)."""
    assert package_of_settings(module) == package


@pytest.mark.parametrize("value", ["", " "])
def test_empty_variable_names_nothing(write: Write, value: str) -> None:
    """An environment variable without a value counts as none."""
    root = write({"settings.py": ""})

    assert find_project(root, environ={"OPENVIPER_SETTINGS_MODULE": value}).settings_module == "settings"


@pytest.mark.parametrize(
    "word", ["..", "../other", "/etc", "blog/models", "blog\\models", "", "nope", "static", "a..b"]
)
def test_word_that_leads_nowhere_is_no_target(write: Write, word: str) -> None:
    """Paths, and names of nothing that can be imported from the folder, are no targets (A-38)."""
    root = write({"settings.py": "", "blog/models.py": "", "static/site.css": ""})

    assert not is_target(word, root)
    with pytest.raises(TargetError, match="no app or project") as caught:
        find_project(root, target=word, environ=NOTHING)
    assert caught.value.target == word


@pytest.mark.parametrize("word", [".", "blog", "blog.models", "tool"])
def test_word_that_can_be_imported_is_a_target(write: Write, word: str) -> None:
    """The dot, packages and modules below the folder are targets (A-38)."""
    root = write({"settings.py": "", "blog/models.py": "", "tool.py": ""})

    assert is_target(word, root)


@pytest.mark.parametrize(
    ("folder", "label"),
    [("blog", "blog"), ("my-shop", "my_shop_project"), ("2nd", "_2nd_project"), ("class", "class_project")],
)
def test_label_is_an_identifier(tmp_path: Path, folder: str, label: str) -> None:
    """A root layout is labelled like its folder where that is an identifier, else by a name made of it (C-021)."""
    root = tmp_path / folder
    root.mkdir()
    (root / "settings.py").touch()

    assert find_project(root, environ=NOTHING).label == label


def test_label_never_hides_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder called like another module gets a label of its own: of the stdlib, inside it, or installed."""
    for folder in ("json", "blog", "pytest"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "models.py").touch()
    (tmp_path / "blog" / "blog.py").touch()

    labels = [find_project(tmp_path / folder, environ=NOTHING).label for folder in ("json", "blog", "pytest")]

    assert labels == ["json_project", "blog_project", "pytest_project"]
    # Seen from a search path with the parent folder, the module is the project itself.
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert find_project(tmp_path / "shop", environ=NOTHING).label == "shop"


def test_nothing_is_imported_or_changed(write: Write) -> None:
    """Finding a project runs no code of it and leaves no trace on the disk, in the path or in the modules."""
    root = write({"settings.py": "raise SystemExit", "blog/__init__.py": "raise SystemExit", "blog/models.py": ""})
    before = sorted(root.rglob("*")), list(sys.path), set(sys.modules), Path.cwd()

    find_project(root, target="blog", environ=NOTHING)

    assert (sorted(root.rglob("*")), list(sys.path), set(sys.modules), Path.cwd()) == before


def test_surroundings_find_with_what_they_hold(write: Write) -> None:
    """Where a command was started holds all that finding the project needs."""
    root = write({"settings.py": ""})

    surroundings = Surroundings(root, {"OPENVIPER_SETTINGS_MODULE": "a"}, settings_option="b")

    assert surroundings.find_project().settings_module == "b"
