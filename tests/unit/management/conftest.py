"""Projects on the disk, and two ways to run their commands: in this process, and in one of their own."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings
from openviper.core.flexible_adapter import bootstrap_and_run

SECONDS = 30

VIPERCTL = """
import sys
from openviper.core.flexible_adapter import FlexibleAdapter
sys.exit(FlexibleAdapter().run(sys.argv))
"""


@dataclass(frozen=True)
class Outcome:
    """What a command line led to."""

    code: int
    out: str
    err: str


class Site:
    """A folder ``shop`` that commands run in.

    Args:
        root: The folder, empty.
        capsys: Catches what commands print in this process.
    """

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    def write(self, files: Mapping[str, str]) -> None:
        """Write files by their relative names."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, *words: str) -> Outcome:
        """Run ``viperctl`` with these words in this process."""
        self._capsys.readouterr()
        code = bootstrap_and_run(list(words), cwd=self.root)
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    def spawn(self, *words: str, stdin: str = "", script: bool = False) -> Outcome:
        """Run ``openviper viperctl`` with these words in a process of its own, or the project's ``viperctl.py``."""
        if script:
            self.write({"viperctl.py": VIPERCTL})
            return self.python("viperctl.py", *words, stdin=stdin)
        return self.python("-m", "openviper", "viperctl", *words, stdin=stdin)

    def python(self, *words: str, stdin: str = "") -> Outcome:
        """Run Python in the folder; its stdin is a pipe."""
        done = subprocess.run(
            [sys.executable, *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.root,
            timeout=SECONDS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def files(self) -> list[str]:
        """The files of the folder, without Python's own caches."""
        names = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(name for name in names if "__pycache__" not in name)


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder ``shop`` as working directory; what commands do to the process is undone afterwards."""
    root = tmp_path / "shop"
    root.mkdir()
    monkeypatch.chdir(root)
    before = list(sys.path), list(sys.meta_path), dict(os.environ), set(sys.modules)
    # Another test of this process may have read a setting, which loads the defaults.
    settings.reset()
    reset_setup()
    yield Site(root, capsys)
    settings.reset()
    reset_setup()
    sys.path[:], sys.meta_path[:] = before[0], before[1]
    os.environ.clear()
    os.environ.update(before[2])
    for name in set(sys.modules) - before[3]:
        if not name.startswith("openviper"):
            del sys.modules[name]


@pytest.fixture
def root_layout(site: Site) -> Site:
    """A project in the root layout with one model, one route and one app."""
    site.write(
        {
            "settings.py": "INSTALLED_APPS = ['blog']\n",
            "models.py": "class Book: ...\n",
            "routes.py": """
                from openviper.routing.router import Router
                router = Router()
                @router.get("/")
                async def home(): return {"page": "home"}
                route_paths = [("/", router)]
            """,
            "blog/__init__.py": "",
            "blog/models.py": "class Post: ...\n",
        }
    )
    return site


@pytest.fixture
def package_layout(site: Site) -> Site:
    """The same project in the package layout, as the package ``web``."""
    site.write(
        {
            "web/__init__.py": "",
            "web/settings.py": "INSTALLED_APPS = ['web.blog']\n",
            "web/models.py": "class Book: ...\n",
            "web/routes.py": """
                from openviper.routing.router import Router
                router = Router()
                @router.get("/")
                async def home(): return {"page": "home"}
                route_paths = [("/", router)]
            """,
            "web/blog/__init__.py": "",
            "web/blog/models.py": "class Post: ...\n",
        }
    )
    return site
