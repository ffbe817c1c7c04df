"""Where templates lie."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.templating.folders import search_folders, template_folders

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
def test_relative_folder_starts_where_imports_start(
    module: str, files: list[str], write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the package and the root layout templates lie beside ``viperctl.py``, wherever the process was started."""
    write({f"project/{name}": "" for name in files})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "project")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", module)
    settings.setup()

    assert template_folders() == (tmp_path / "project" / "templates",)


def test_working_directory_counts_without_settings_module(tmp_path: Path) -> None:
    """A script that configures its settings has its templates where it is started."""
    settings.configure()

    assert template_folders() == (tmp_path / "templates",)


def test_absolute_folder_stays(tmp_path: Path) -> None:
    """``TEMPLATES_DIR`` may name a folder anywhere."""
    settings.configure(TEMPLATES_DIR=str(tmp_path / "far" / "pages"))

    assert template_folders() == (tmp_path / "far" / "pages",)


def test_every_folder_is_there_once(write: Write, tmp_path: Path) -> None:
    """An app that lies in the project's folder adds nothing, and an app that cannot be found neither."""
    write({"flat.py": "", "blog/__init__.py": ""})
    settings.configure(INSTALLED_APPS=("flat", "blog", "missing", "blog"))

    assert search_folders("x", "x") == (tmp_path / "x", tmp_path / "blog" / "x")


def test_empty_path_names_no_folder() -> None:
    """Without a folder of templates the project has none; its settings are never taken for templates."""
    settings.configure(TEMPLATES_DIR="")

    assert template_folders() == ()
