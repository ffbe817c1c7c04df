"""The databases in the life of a server."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from openviper.app.application import OpenViper
from openviper.apps.bootstrap import running_apps
from openviper.conf import settings
from openviper.db.connections import get_database
from openviper.db.lifecycle import shutdown


async def test_server_closes_what_was_opened() -> None:
    """The connections of a server are closed when it stops, and its database is another one afterwards."""
    settings.configure(DATABASE_URL="sqlite://")
    OpenViper()
    async with running_apps():
        first = get_database()
        await first.execute("CREATE TABLE a (id INTEGER)")
    assert get_database() is not first
    await shutdown()


async def test_nothing_open_is_nothing_to_close() -> None:
    """Closing twice, or without having opened anything, does nothing."""
    await shutdown()
    await shutdown()


@pytest.mark.parametrize(
    ("models", "debug", "is_loaded"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_server_loads_what_queries_take(tmp_path: Path, models: bool, debug: bool, is_loaded: bool) -> None:
    """No visitor waits for SQLAlchemy: it is loaded at the start of a server that has models and is not in debug."""
    script = f"""
        import asyncio, sys
        from openviper.conf import settings

        settings.configure(DATABASE_URL="sqlite://", DEBUG={debug}, SECRET_KEY="k" * 50)
        from openviper.apps.bootstrap import running_apps

        if {models}:
            from openviper.db import Model

            class Note(Model):
                pass

        async def main() -> None:
            async with running_apps():
                print("sqlalchemy" in sys.modules)

        asyncio.run(main())
    """
    file = tmp_path / "start.py"
    file.write_text(dedent(script))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    assert done.stdout == f"{is_loaded}\n"
