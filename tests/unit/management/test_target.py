"""The application of a project."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.app import OpenViper
from openviper.core.flexible_adapter import open_project
from openviper.core.project import find_project
from openviper.management.exceptions import CommandError
from openviper.management.target import find_application, load_application

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def found(root: Path) -> str:
    return find_application(find_project(root, environ={})).text


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["web/settings.py", "web/asgi.py", "asgi.py"], "web.asgi:app"),
        (["web/settings.py", "asgi.py"], "asgi:app"),
        (["settings.py", "asgi.py"], "asgi:app"),
        (["asgi.py"], "asgi:app"),
        (["web/settings.py"], "openviper.server.application:create_application"),
        (["settings.py"], "openviper.server.application:create_application"),
    ],
)
def test_application_is_that_of_the_package_first(site: "Site", files: list[str], expected: str) -> None:
    """The package's ``asgi`` module comes first, then a top-level one, then the settings themselves."""
    site.write(dict.fromkeys(files, ""))

    assert found(site.root) == expected


def test_folder_without_a_project_has_no_application(site: "Site") -> None:
    """Without settings and ``asgi`` module the error says where it looked and what to do."""
    with pytest.raises(CommandError, match=r"no project found in .*shop.*openviper create-project"):
        found(site.root)


def test_project_without_asgi_module_is_served_from_its_settings(root_layout: "Site") -> None:
    """An application made from the settings has the routes beside them."""
    project = find_project(root_layout.root, environ={})
    environ: dict[str, str] = {}
    open_project(project, environ)
    root_layout.run("version")

    app = load_application(project)

    assert isinstance(app, OpenViper)
