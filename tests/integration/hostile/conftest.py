"""The application with everything, in this process and behind each server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openviper import OpenViper
from openviper.testing import TestClient, override_settings
from tests.integration.hostile import everything


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder of downloads, beside which lies what nobody may have."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("a text to download\n" * 20)
    (folder / "large.txt").write_text("0123456789" * 30_000)
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
async def app(files: Path) -> AsyncIterator[OpenViper]:
    """The application, started, not in debug."""
    with override_settings(**everything.SETTINGS):
        made = everything.make_app(files)
        async with TestClient(made):
            yield made
