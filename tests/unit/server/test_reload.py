"""What starts the server anew."""

from pathlib import Path

import pytest

from openviper.server.reload import WatchFilter


@pytest.mark.parametrize("name", ["shop/views.py", "settings.py", "templates/home.html", ".env", "shop/.env"])
def test_source_templates_and_environment_count(tmp_path: Path, name: str) -> None:
    """Python, HTML and ``.env`` files start the server anew, at every depth."""
    assert WatchFilter(tmp_path)("changed", str(tmp_path / name))


@pytest.mark.parametrize(
    "name",
    [
        "db.sqlite3",
        "db.sqlite3-wal",
        "static/app.css",
        "notes.txt",
        "shop/views.pyc",
        ".git/hooks/x.py",
        ".venv/lib/thing.py",
        "shop/__pycache__/views.py",
        "node_modules/gyp/gyp.py",
        ".env.example",
    ],
)
def test_other_files_do_not_count(tmp_path: Path, name: str) -> None:
    """Databases, assets, caches, hidden folders and foreign packages do not."""
    assert not WatchFilter(tmp_path)("changed", str(tmp_path / name))


def test_virtual_environment_is_known_by_its_marker(tmp_path: Path) -> None:
    """A virtual environment does not count, whatever its folder is called."""
    (tmp_path / "python3").mkdir()
    (tmp_path / "python3" / "pyvenv.cfg").touch()

    assert not WatchFilter(tmp_path)("changed", str(tmp_path / "python3" / "lib" / "thing.py"))


def test_ignored_folder_does_not_count(tmp_path: Path) -> None:
    """Files that the site itself writes, such as uploads, do not."""
    watched = WatchFilter(tmp_path, [tmp_path / "media"])

    assert not watched("added", str(tmp_path / "media" / "upload.html"))
    assert watched("added", str(tmp_path / "mediathek" / "upload.html"))


def test_hidden_folder_above_the_project_does_not_matter(tmp_path: Path) -> None:
    """Only folders inside the project are looked at."""
    root = tmp_path / ".work" / "node_modules"
    root.mkdir(parents=True)

    assert WatchFilter(root)("changed", str(root / "app.py"))


def test_project_behind_a_link_is_watched(tmp_path: Path) -> None:
    """The watcher reports real paths, also when the project was reached through a link."""
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / ".link").symlink_to(real)

    assert WatchFilter(tmp_path / ".link")("changed", str(real / "app.py"))
