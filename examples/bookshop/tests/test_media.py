"""Covers and first pages."""

import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from openviper.testing import TestClient

from media.drawing import PALETTES, draw_cover
from media.models import Cover, Pattern


@pytest.mark.parametrize("pattern", get_args(Pattern))
@pytest.mark.parametrize("shift", [0, 41, 99])
def test_cover_is_a_whole_picture(pattern: Pattern, shift: int) -> None:
    """Each pattern, moved as far as it goes, is well-formed SVG with title and author in it."""
    for palette in range(len(PALETTES)):
        picture = ET.fromstring(draw_cover(Cover(1, pattern, palette, shift), "A <Title> & more", "O'Dowd"))  # noqa: S314 - our own text

        words = "".join(picture.itertext())
        assert "<Title>" in words
        assert "O'Dowd" in words


async def test_cover_is_sent_as_a_picture_to_keep(client: TestClient) -> None:
    """Browsers keep a cover for a day."""
    response = await client.get("/media/covers/3.svg")

    assert response.headers["content-type"] == "image/svg+xml"
    assert "max-age=86400" in response.headers["cache-control"]
    assert "Treasure" in response.text


async def test_first_lines_are_plain_text(client: TestClient) -> None:
    """They begin with title and author."""
    response = await client.get("/media/extracts/3.txt")

    assert response.headers["content-type"].startswith("text/plain")
    assert response.text.startswith("Treasure Island\nRobert Louis Stevenson\n\n")


@pytest.mark.parametrize(
    "path", ["/media/covers/99999999.svg", "/media/extracts/99999999.txt", "/media/../conftest.py"]
)
async def test_files_that_are_not_there_are_not_found(client: TestClient, path: str) -> None:
    """No address leads to anything but the files of books."""
    assert (await client.get(path)).status_code == 404
