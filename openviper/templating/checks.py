"""What the ``check`` command reports about templates, their plugins and context processors."""

from collections.abc import Iterator

from openviper.conf import settings
from openviper.conf.base import class_default
from openviper.conf.defaults import Settings
from openviper.conf.environment import project_folder
from openviper.core.checks import register
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.problems import Problem, Severity
from openviper.templating.engine import get_jinja2_env
from openviper.templating.exceptions import TemplateError
from openviper.templating.folders import template_folders
from openviper.templating.processors import load_processor

__all__ = ["register_checks"]


def register_checks() -> None:
    """Register the checks of templates; a second call changes nothing."""
    register(_check_processors)
    register(_check_folder)
    register(_check_templates)


def _check_processors() -> Iterator[Problem]:
    for path in settings.CONTEXT_PROCESSORS:
        try:
            load_processor(path)
        except ImproperlyConfigured as error:
            yield Problem("templates.E001", str(error), "correct the dotted path; it names a function of the request")


def _check_folder() -> Iterator[Problem]:
    default = class_default(Settings, "TEMPLATES_DIR")
    folder = project_folder() / settings.TEMPLATES_DIR
    # A project without pages has no folder, and needs none as long as it names none.
    if default != settings.TEMPLATES_DIR and not folder.is_dir():
        yield Problem(
            "templates.W001",
            f"TEMPLATES_DIR is {settings.TEMPLATES_DIR!r}, and there is no folder {folder}",
            "make the folder, or name another one; a relative path starts at the folder of the project",
            Severity.WARNING,
        )


def _check_templates() -> Iterator[Problem]:
    folders = template_folders()
    if not settings.JINJA_PLUGINS and not any(folder.is_dir() for folder in folders):
        return
    # The engine is a heavy floor, which a project without templates never loads.
    from openviper.templating.faults import named_faults

    try:
        environment = get_jinja2_env()
    except ImproperlyConfigured as error:
        yield Problem("templates.E002", str(error), "correct JINJA_PLUGINS, or the file that the message names")
        return
    # The loader lists files of any kind; only what is certainly meant for the engine is read.
    for name in environment.list_templates(extensions=("htm", "html", "j2", "jinja", "jinja2")):
        try:
            with named_faults(folders):
                environment.get_template(name)
        except TemplateError as error:
            yield Problem(
                "templates.W002", str(error), "correct the template; no page can be made of it", Severity.WARNING
            )
