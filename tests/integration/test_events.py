"""Handlers in a project: found in apps and plugins at the start, and kept out where a package is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

FILES = {
    "site1/__init__.py": "",
    "site1/settings.py": """
        from typing import Any

        from openviper.conf import BaseSettings


        class Settings(BaseSettings):
            SECRET_KEY: str = "k" * 50
            DATABASE_URL: str = "sqlite:///site.db"
            INSTALLED_APPS: tuple[str, ...] = ("diary", "lantern")
            MODEL_EVENTS: dict[str, Any] = {
                "diary.models.Entry": {
                    "after_insert": [
                        "lantern.handlers.stated",
                        "lanternevil.handlers.stated",
                        {"handler": "lantern.handlers.later", "on_commit": True},
                    ],
                    "on_delete": ["lantern.handlers.keep"],
                },
            }
    """,
    "diary/__init__.py": "",
    "diary/models.py": """
        from openviper.db import Model, fields


        class Entry(Model):
            text = fields.TextField()

            async def before_save(self) -> None:
                from told import TOLD
                TOLD.append("hook")
    """,
    "diary/events.py": """
        from openviper.db.events import model_event
        from told import TOLD


        @model_event.after_insert("diary.Entry")
        async def decorated(instance: object, event: str) -> None:
            TOLD.append("decorated")
    """,
    "diary/lifecycle.py": """
        from openviper.db.events.watchers import handlers


        def ready() -> None:
            import told
            told.TOLD.append(f"ready after {len(handlers.all())} handlers")
    """,
    "lantern/__init__.py": """
        async def ready() -> None:
            import lanternevil.handlers
    """,
    "lantern/handlers.py": """
        from told import TOLD


        async def stated(instance: object, event: str) -> None:
            TOLD.append("stated")


        def later(instance: object, event: str) -> None:
            TOLD.append("later")


        async def keep(instance: object, event: str) -> None:
            if instance.text == "kept":
                raise PermissionError("this entry is kept")
    """,
    "lanternevil/__init__.py": "",
    "lanternevil/handlers.py": """
        from openviper.db.events import model_event
        from told import TOLD

        TOLD.append("evil module")


        @model_event.after_insert("diary.Entry")
        async def evil(instance: object, event: str) -> None:
            TOLD.append("evil")


        async def stated(instance: object, event: str) -> None:
            TOLD.append("evil stated")
    """,
    "told.py": "TOLD: list[str] = []\n",
    "site1/run.py": """
        import asyncio
        import json

        from openviper.apps.bootstrap import running_apps
        from openviper.db import atomic
        from openviper.db.connections import init_db
        from told import TOLD


        async def main() -> None:
            async with running_apps():
                from diary.models import Entry

                await init_db()
                async with atomic():
                    entry = await Entry.objects.create(text="kept")
                    TOLD.append("stored")
                try:
                    await entry.delete()
                except PermissionError as error:
                    TOLD.append(str(error))
                TOLD.append(f"{await Entry.objects.count()} left")


        import openviper
        openviper.setup()
        asyncio.run(main())
        print(json.dumps(TOLD))
    """,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an app, a plugin, and a package that nobody has installed as an app."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text))
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project), "OPENVIPER_SETTINGS_MODULE": "site1.settings"}
    return subprocess.run(  # noqa: PLW1510 - each test looks at the code
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=60
    )


def test_handlers_of_a_project_run_where_they_may(project: Path) -> None:
    """Those of apps and plugins are there before any ready() runs; those of other packages never run (C-117)."""
    done = run(project, "-m", "site1.run")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "ready after 4 handlers",
        "evil module",
        "hook",
        "stated",
        "decorated",
        "stored",
        "later",
        "this entry is kept",
        "1 left",
    ]
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 2
    assert "lanternevil.handlers.stated" in errors[0]
    assert "lanternevil.handlers.evil" in errors[1]


def test_check_reports_handlers_from_outside(project: Path) -> None:
    """The command fails, with the path of the handler (C-117)."""
    done = run(project, "-m", "openviper", "viperctl", "check")
    assert done.returncode == 1, done.stderr
    assert "db.E011" in done.stdout + done.stderr
    assert "lanternevil.handlers.stated" in done.stdout + done.stderr
