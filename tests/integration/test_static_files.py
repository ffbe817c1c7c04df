"""Static files of a generated project: sent while developing, collected for production."""

import json
import sys
from pathlib import Path

import pytest

from openviper.management.scaffold import create_project
from tests.integration.processes import Starter, run, script, viperctl
from tests.integration.sites import add_app, add_setting

HOSTILE = [
    "/static/../shop/settings.py",
    "/static/%2e%2e/shop/settings.py",
    "/static/..%2fshop/settings.py",
    "/static/..%5cshop%5csettings.py",
    "/static/%00",
    "/static/css/..\\..\\.env",
    "/static//etc/passwd",
    "/static/%252e%252e/.env",
    "/static/.env",
    "/static/" + "x" * 4000,
    "/static/%ff%fe",
    "/media/../.env",
    "/media/%2e%2e%2f.env",
]


def add_static_files(project: Path) -> None:
    """Give a project a style sheet, and an app with a script."""
    (project / "static" / "css").mkdir()
    (project / "static" / "css" / "site.css").write_text("body { color: navy }\n")
    add_app(project, "lamps")
    folder = project / "lamps" / "static" / "lamps"
    folder.mkdir(parents=True)
    (folder / "lamp.js").write_text("export const lit = true\n")


@pytest.mark.parametrize("flat", [False, True])
def test_new_project_collects_at_once(tmp_path: Path, flat: bool) -> None:
    """In both layouts, through both entry points, with and without a target (C-029, C-033)."""
    project = create_project("shop", tmp_path, flat=flat)
    (project / "static" / "site.css").write_text("body { color: navy }\n")

    first = run([script("openviper"), "viperctl", "collectstatic", "."], project)
    second = run([sys.executable, "viperctl.py", "collectstatic"], project)
    checked = viperctl(project, "check")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(f"Copied 1 file to {project / 'staticfiles'}")
    assert second.stdout.startswith(f"Copied 0 files to {project / 'staticfiles'}, 1 unchanged")
    assert (project / "staticfiles" / "site.css").read_text() == "body { color: navy }\n"
    assert (checked.returncode, checked.stderr) == (0, "")


def test_server_sends_files_while_in_debug(project: Path, serve: Starter) -> None:
    """Type, HEAD, 404 and 405 as clients expect, and no path is a fault of the server (C-115, C-119c)."""
    add_static_files(project)
    with serve(project) as server:
        assert server.get("/static/css/site.css") == (200, "body { color: navy }\n")
        connection = server.connect()
        connection.request("HEAD", "/static/lamps/lamp.js")
        head = connection.getresponse()
        assert (head.status, head.read()) == (200, b"")
        assert head.headers["content-type"] == "text/javascript; charset=utf-8"
        assert head.headers["content-length"] == "24"
        assert server.get("/static/none.css")[0] == 404
        connection.request("POST", "/static/css/site.css")
        assert connection.getresponse().status == 405
        connection.close()
        answers = {path: server.get(path) for path in HOSTILE}
        assert {path: status for path, (status, _) in answers.items() if not 400 <= status < 500} == {}
        assert not any("SECRET_KEY" in text for _, text in answers.values())
        # Every one of them was an answer, and the server is there for the next visitor.
        assert server.get("/static/css/site.css")[0] == 200


def test_server_sends_no_files_without_debug(project: Path, serve: Starter) -> None:
    """They are collected, and the middleware sends them where no proxy does (C-119c)."""
    add_static_files(project)
    with serve(project, OPENVIPER_DEBUG="false") as server:
        assert server.get("/static/css/site.css")[0] == 404


def test_collected_files_are_sent_by_the_middleware(project: Path, serve: Starter) -> None:
    """A page names the hashed copy, which comes compressed and may be kept."""
    add_static_files(project)
    add_setting(project, "MIDDLEWARE: tuple[str, ...]", '("shop.files.CollectedFiles",)')
    (project / "shop" / "files.py").write_text(
        "from functools import partial\n"
        "from openviper.staticfiles.handler import StaticFilesMiddleware\n"
        "CollectedFiles = partial(StaticFilesMiddleware, directories=['staticfiles'])\n"
    )
    (project / "templates" / "home.html").write_text("{{ static('css/site.css') }}")
    (project / "static" / "css" / "site.css").write_text("body { color: navy }\n" * 100)
    collected = json.loads(viperctl(project, "collectstatic", "--json").stdout)
    assert collected["copied"] == ["css/site.css", "lamps/lamp.js"]

    with serve(project, OPENVIPER_DEBUG="false") as server:
        status, address = server.get("/")
        connection = server.connect()
        connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        packed = response.read()
        connection.close()

    assert status == 200
    assert address.startswith("/static/css/site.")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    assert len(packed) < 200
