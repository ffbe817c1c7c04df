"""Where templates lie: the project first, then each installed app, in the order of ``INSTALLED_APPS``."""

import importlib.util
from pathlib import Path
from typing import Final

from openviper.conf import settings
from openviper.core.app_resolver import AppResolver

__all__ = ["APP_FOLDER", "project_folder", "search_folders", "template_folders"]

#: The folder of templates inside an app.
APP_FOLDER: Final = "templates"


def template_folders() -> tuple[Path, ...]:
    """Return the folders of templates in the order of searching; those that do not exist are among them."""
    return search_folders(settings.TEMPLATES_DIR, APP_FOLDER)


def search_folders(in_project: str, in_apps: str) -> tuple[Path, ...]:
    """Return one folder of the project and one of each installed app, each folder once.

    Args:
        in_project: Path of the project's; a relative one starts at ``project_folder()``.
        in_apps: Path below the folder of an app.
    """
    folders = [project_folder() / in_project, *(folder / in_apps for folder in AppResolver().get_app_dirs())]
    return tuple(dict.fromkeys(folders))


def project_folder() -> Path:
    """Return the folder that the imports of the settings module start from, which holds ``viperctl.py``.

    For the module ``shop.settings`` that is the folder with ``shop`` inside, for a plain ``settings`` the one with
    ``settings.py``. The working directory counts if there is no settings module.
    """
    settings.setup()  # before that no module has a name
    name = settings.module
    spec = None if name is None else importlib.util.find_spec(name.partition(".")[0])
    if spec is None:
        return Path.cwd()
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).absolute().parent
    return Path.cwd() if spec.origin is None else Path(spec.origin).absolute().parent
