"""From a project to the application that serves it; the same answer for every command that needs one."""

from typing import Final

from openviper.core.project import Project, is_target
from openviper.management.exceptions import CommandError
from openviper.server.target import Target
from openviper.types import ASGIApp

__all__ = ["find_application", "load_application"]

# Serves what the settings and the routes beside them describe, for projects without an asgi.py.
_FROM_SETTINGS: Final = "openviper.server.application:create_application"


def find_application(project: Project) -> Target:
    """Name the application of a project, without importing it.

    It is ``app`` in the ``asgi`` module of the project's package, else in a top-level ``asgi``, else one that is
    made from the settings.

    Args:
        project: An opened project.

    Raises:
        CommandError: There is neither an ``asgi`` module nor a settings module.
    """
    modules = ["asgi"] if project.package is None else [f"{project.package}.asgi", "asgi"]
    for module in modules:
        if is_target(module, project.root):
            return Target.parse(f"{module}:app")
    if project.settings_module is None:
        raise CommandError(
            f"no project found in {project.root}: it has neither settings nor an asgi.py, and no package in it has; "
            "change to the project's folder, or start one with: openviper create-project NAME"
        )
    return Target.parse(_FROM_SETTINGS, is_factory=True)


def load_application(project: Project) -> ASGIApp:
    """Import the application of a project.

    Raises:
        CommandError: There is no application to be found.
        ApplicationLoadError: It cannot be imported.
    """
    return find_application(project).load()
