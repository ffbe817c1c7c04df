"""Where templates lie."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.templating.folders import project_folder, search_folders, template_folders

Write = Callable[[dict[str, str]], None]


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("shop.settings", ["shop/__init__.py", "shop/settings.py"]),
        ("shop.settings.prod", ["shop/__init__.py", "shop/settings/__init__.py", "shop/settings/prod.py"]),
        ("settings", ["settings.py"]),
        ("settings", ["settings/__init__.py"]),
    ],
)
def test_project_folder_is_where_imports_start(
    module: str, files: list[str], write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the package and the root layout the folder of the project is that with ``viperctl.py``, from anywhere."""
    write({f"project/{name}": "" for name in files})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "project")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", module)
    settings.setup()

    assert project_folder() == tmp_path / "project"
    assert template_folders() == (tmp_path / "project" / "templates",)


def test_working_directory_counts_without_settings_module(tmp_path: Path) -> None:
    """A script that configures its settings has its templates where it is started."""
    settings.configure()

    assert project_folder() == tmp_path


def test_absolute_folder_stays(tmp_path: Path) -> None:
    """``TEMPLATES_DIR`` may name a folder anywhere."""
    settings.configure(TEMPLATES_DIR=str(tmp_path / "far" / "pages"))

    assert template_folders() == (tmp_path / "far" / "pages",)


def test_every_folder_is_there_once(write: Write, tmp_path: Path) -> None:
    """An app that lies in the project's folder adds nothing, and an app that cannot be found neither."""
    write({"flat.py": "", "blog/__init__.py": ""})
    settings.configure(INSTALLED_APPS=("flat", "blog", "missing", "blog"))

    assert search_folders("x", "x") == (tmp_path / "x", tmp_path / "blog" / "x")
