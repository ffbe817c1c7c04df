"""Which project is under test."""

from pathlib import Path

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.testing.project import ProjectUnderTest, find_project_under_test


def make_project(root: Path, package: str = "shop") -> None:
    (root / package).mkdir()
    for name in ("__init__", "settings", "asgi"):
        (root / package / f"{name}.py").write_text("")


def write_table(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(f"[tool.openviper.testing]\n{text}\n")


def test_variable_wins(tmp_path: Path) -> None:
    """OPENVIPER_TEST_APP names the application, whatever the files say."""
    make_project(tmp_path)
    write_table(tmp_path, 'app = "other.asgi:app"')
    project = find_project_under_test(tmp_path, {"OPENVIPER_TEST_APP": "mine.web:application"})
    assert project.app == "mine.web:application"


def test_table_wins_over_the_layout(tmp_path: Path) -> None:
    """pyproject.toml names application and settings; the attribute app goes without saying."""
    make_project(tmp_path)
    write_table(tmp_path, 'app = "shop.web"\nsettings = "shop.settings"')
    assert find_project_under_test(tmp_path, {}) == ProjectUnderTest(tmp_path, "shop.settings", "shop.web:app")


@pytest.mark.parametrize(
    ("module", "app"),
    [
        ("shop.settings", "shop.asgi:app"),
        ("shop.settings.production", "shop.asgi:app"),
        ("group.shop.config", "group.shop.asgi:app"),
        ("settings", "asgi:app"),
    ],
)
def test_application_stands_beside_the_settings(tmp_path: Path, module: str, app: str) -> None:
    """Without a name for it the application is app in the asgi module beside the settings."""
    project = find_project_under_test(tmp_path, {"OPENVIPER_SETTINGS_MODULE": module})
    assert (project.settings_module, project.app) == (module, app)


def test_project_is_found_by_its_layout(tmp_path: Path) -> None:
    """In the folder of a project nothing needs to be configured."""
    make_project(tmp_path)
    assert find_project_under_test(tmp_path, {}) == ProjectUnderTest(tmp_path, "shop.settings", "shop.asgi:app")


def test_folder_without_a_project_has_no_application(tmp_path: Path) -> None:
    """Where nothing tells, the error names the three ways to tell."""
    project = find_project_under_test(tmp_path, {})
    assert project == ProjectUnderTest(tmp_path, None, None)
    with pytest.raises(ImproperlyConfigured, match=r"OPENVIPER_TEST_APP .*tool\.openviper\.testing"):
        project.load_app()


@pytest.mark.parametrize("text", ['application = "shop.asgi"', "app = 5", "settings = []"])
def test_wrong_key_is_named(tmp_path: Path, text: str) -> None:
    """A misspelt key or a value that is no text is not passed over."""
    write_table(tmp_path, text)
    with pytest.raises(ImproperlyConfigured, match=f"has {text.split(maxsplit=1)[0]}; it may have app and settings"):
        find_project_under_test(tmp_path, {})


def test_broken_file_is_named(tmp_path: Path) -> None:
    """A pyproject.toml that cannot be read is an error that names it."""
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(ImproperlyConfigured, match=r"pyproject\.toml: "):
        find_project_under_test(tmp_path, {})


def test_application_must_be_callable(tmp_path: Path) -> None:
    """What the name leads to must be an application."""
    project = ProjectUnderTest(tmp_path, None, "openviper.testing.project:APP_VARIABLE")
    with pytest.raises(ImproperlyConfigured, match="which cannot be called"):
        project.load_app()


def test_missing_module_is_an_import_error(tmp_path: Path) -> None:
    """A name that leads nowhere is an ImportError, as for any import."""
    with pytest.raises(ImportError, match="nowhere"):
        ProjectUnderTest(tmp_path, None, "nowhere.asgi:app").load_app()
