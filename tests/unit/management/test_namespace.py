"""The names of a shell."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.apps.bootstrap import setup
from openviper.conf import settings
from openviper.core.project import Project
from openviper.management.namespace import build_namespace

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

FRONT_DOOR = ["HTMLResponse", "JSONResponse", "OpenViper", "Request", "settings"]


def project(app: str | None) -> Project:
    return Project(Path.cwd(), "none", None, None, None, app)


@pytest.fixture
def models(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Two installed apps and one that is not; ``wiki.models`` is a package."""
    site.write(
        {
            "blog/__init__.py": "",
            "blog/models.py": """
                from pathlib import Path
                class Post: origin = "blog"
                class Tag: origin = "blog"
                class _Hidden: ...
                limit = 3
            """,
            "wiki/__init__.py": "",
            "wiki/models/__init__.py": "from wiki.models.page import Page\nclass Tag: origin = 'wiki'\n",
            "wiki/models/page.py": "class Page: ...\n",
            "shop/__init__.py": "",
            "shop/models.py": "class Post: origin = 'shop'\n",
            "bare/__init__.py": "",
        }
    )
    monkeypatch.syspath_prepend(site.root)
    settings.configure(INSTALLED_APPS=("blog", "wiki"))
    setup()


@pytest.mark.usefixtures("models")
def test_every_class_of_a_models_module_is_there() -> None:
    """Classes that a models module or package defines are names; imported and private ones are not (C-037)."""
    assert sorted(build_namespace(project(None))) == sorted([*FRONT_DOOR, "Page", "Post", "Tag"])


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("target", "origins"), [(None, ["blog", "wiki"]), ("shop", ["shop", "wiki"]), ("bare", ["blog", "wiki"])]
)
def test_later_app_and_target_win(target: str | None, origins: list[str]) -> None:
    """Of two classes with one name the later app's is taken, and the target's before all (C-037)."""
    names = build_namespace(project(target))

    assert [vars(names["Post"])["origin"], vars(names["Tag"])["origin"]] == origins


@pytest.mark.usefixtures("models")
def test_models_are_left_out_on_demand() -> None:
    """Without models the names are the front door of the framework and the settings."""
    assert sorted(build_namespace(project("shop"), with_models=False)) == FRONT_DOOR
