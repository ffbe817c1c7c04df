"""Covers and first pages."""

import xml.etree.ElementTree as ET

import pytest
from openviper.testing import TestClient

from media.drawing import PALETTES, draw_cover
from media.models import Cover, Pattern


@pytest.mark.parametrize("pattern", list(Pattern))
@pytest.mark.parametrize("shift", [0, 41, 99])
def test_cover_is_a_whole_picture(pattern: Pattern, shift: int) -> None:
    """Each pattern, moved as far as it goes, is well-formed SVG with title and author in it."""
    for palette in range(len(PALETTES)):
        cover = Cover(pattern=pattern, palette=palette, shift=shift)
        picture = ET.fromstring(draw_cover(cover, "A <Title> & more", "O'Dowd"))  # noqa: S314 - our own text

        words = "".join(picture.itertext())
        assert "<Title>" in words
        assert "O'Dowd" in words


async def test_cover_is_sent_as_a_picture_to_keep(client: TestClient) -> None:
    """Browsers keep a cover, and are told that it is still the same."""
    response = await client.get("/media/covers/3")
    again = await client.get("/media/covers/3", headers={"if-none-match": response.headers["etag"]})

    assert response.headers["content-type"] == "image/svg+xml"
    assert "Treasure" in response.text
    assert (again.status_code, again.content) == (304, b"")


async def test_first_lines_are_plain_text(client: TestClient) -> None:
    """They begin with title and author."""
    response = await client.get("/media/extracts/3.txt")

    assert response.headers["content-type"].startswith("text/plain")
    assert response.text.startswith("Treasure Island\nRobert Louis Stevenson\n\n")


@pytest.mark.parametrize("path", ["/media/covers/99999999", "/media/extracts/99999999.txt"])
async def test_files_that_are_not_there_are_not_found(client: TestClient, path: str) -> None:
    """No address leads to anything but the files of books."""
    assert (await client.get(path)).status_code == 404
