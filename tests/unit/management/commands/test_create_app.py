"""The create-app command."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_app_is_made_in_the_folder_of_the_project(site: "Site") -> None:
    """Without settings or a project; the lines to add are printed with the app's dotted name."""
    outcome = site.run("create-app", "blog")

    assert outcome.code == 0
    assert outcome.out == (
        f"Created {site.root / 'blog'}\n"
        "Add it to the project:\n"
        '  settings.py  INSTALLED_APPS = (..., "blog")\n'
        "  routes.py    from blog.routes import router as blog_router\n"
        '               route_paths = [..., ("/blog", blog_router)]\n'
    )
    assert "blog/lifecycle.py" in site.files()


@pytest.mark.parametrize("option", ["-d", "--directory"])
def test_app_below_a_package_is_named_with_it(package_layout: "Site", option: str) -> None:
    """With a directory the dotted name begins at the working one."""
    outcome = package_layout.run("create-app", "news", option, "web")

    assert outcome.code == 0
    assert '"web.news"' in outcome.out


def test_folder_outside_the_project_leaves_the_bare_name(site: "Site") -> None:
    """An app made elsewhere is imported by its own name."""
    outcome = site.run("create-app", "news", "-d", "../elsewhere")

    assert outcome.code == 0
    assert '(..., "news")' in outcome.out


@pytest.mark.parametrize(("name", "reason"), [("my-app", "no Python identifier"), ("taken", "already exists")])
def test_refusal_is_exit_code_one(site: "Site", name: str, reason: str) -> None:
    """A wrong name or a folder that exists is one message; nothing is written."""
    site.write({"taken/notes.txt": ""})

    outcome = site.run("create-app", name)

    assert outcome.code == 1
    assert reason in outcome.err
    assert site.files() == ["taken/notes.txt"]
