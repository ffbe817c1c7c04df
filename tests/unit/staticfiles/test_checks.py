"""What the check command reports about static files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.conf import settings
from openviper.core.checks import clear_checks, run_checks
from openviper.staticfiles.checks import register_checks

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


@pytest.fixture(autouse=True)
def project(write: "Writer", monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one static file, and no other checks than ours."""
    root = write("shop", {"static/site.css": ""})
    monkeypatch.chdir(root)
    clear_checks()
    register_checks()
    yield root
    clear_checks()


def ids(**options: object) -> list[str]:
    settings.configure(INSTALLED_APPS=(), **options)
    return [problem.id for problem in run_checks()]


def ids_of_deployment() -> list[str]:
    settings.configure(INSTALLED_APPS=())
    return [problem.id for problem in run_checks(deploy=True)]


def test_nothing_is_wrong_with_the_defaults() -> None:
    """A new project collects into a folder that nothing else uses."""
    assert ids() == []


def test_folder_of_the_default_may_be_missing(project: Path) -> None:
    """A project without static files needs no folder for them."""
    (project / "static/site.css").unlink()
    (project / "static").rmdir()

    assert ids_of_deployment() == []


@pytest.mark.parametrize(
    ("found", "options"),
    [
        ("staticfiles.E001", {"STATIC_URL": "static/"}),
        ("staticfiles.E001", {"MEDIA_URL": "ftp://example.com/"}),
        ("staticfiles.E001", {"MEDIA_URL": "/static"}),
        ("staticfiles.E002", {"STATICFILES_DIRS": (".",)}),
        ("staticfiles.E002", {"STATICFILES_DIRS": ("..",)}),
        ("staticfiles.W001", {"STATICFILES_DIRS": ("static", "assets")}),
        ("staticfiles.E003", {"MEDIA_ROOT": "."}),
        ("staticfiles.E003", {"MEDIA_ROOT": "static/uploads"}),
        ("staticfiles.E003", {"MEDIA_ROOT": "staticfiles"}),
        ("staticfiles.W002", {"STATIC_ROOT": "static/collected"}),
    ],
)
def test_what_cannot_be_meant_is_found(found: str, options: dict[str, object]) -> None:
    """Addresses that lead nowhere, folders that give too much away, and folders inside each other."""
    assert found in ids(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"STATIC_URL": "https://cdn.example.com/"},
        {"STATIC_URL": "", "MEDIA_URL": ""},
        {"MEDIA_ROOT": ""},
        {"MEDIA_ROOT": "/srv/uploads"},
        {"STATIC_ROOT": ""},
    ],
)
def test_what_may_be_meant_is_not(options: dict[str, object]) -> None:
    """Files on another host, and projects that have none."""
    assert ids(**options) == []


def test_deployment_without_collected_files() -> None:
    """A server in production sends no static file by itself."""
    assert ids_of_deployment() == ["staticfiles.W003"]


def test_deployment_with_collected_files(write: "Writer") -> None:
    """Whatever lies in the folder was put there for that."""
    write("shop/staticfiles", {"site.css": ""})

    assert ids_of_deployment() == []
