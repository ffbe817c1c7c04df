"""Where templates lie: the project first, then each installed app, in the order of ``INSTALLED_APPS``."""

from pathlib import Path
from typing import Final

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.core.app_resolver import AppResolver

__all__ = ["APP_FOLDER", "search_folders", "template_folders"]

#: The folder of templates inside an app.
APP_FOLDER: Final = "templates"


def template_folders() -> tuple[Path, ...]:
    """Return the folders of templates in the order of searching; those that do not exist are among them."""
    return search_folders(settings.TEMPLATES_DIR, APP_FOLDER)


def search_folders(in_project: str, in_apps: str) -> tuple[Path, ...]:
    """Return one folder of the project and one of each installed app, each folder once.

    Args:
        in_project: Path of the project's; a relative one starts at the folder of the project, an empty one names none.
        in_apps: Path below the folder of an app.
    """
    # Of an empty path the folder of the project itself would be made, with settings and secrets in it.
    own = [project_folder() / in_project] if in_project else []
    return tuple(dict.fromkeys([*own, *(folder / in_apps for folder in AppResolver().get_app_dirs())]))
