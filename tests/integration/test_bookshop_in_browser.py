"""The example site in a real browser."""

import shutil
import struct
import zlib
from pathlib import Path

import pytest

from tests.integration import browser
from tests.integration.browser import Browser
from tests.integration.processes import serve
from tests.integration.test_bookshop import EXAMPLE, LEFT_OUT

pytestmark = pytest.mark.skipif(browser.IS_MISSING, reason="chromium and chromedriver are needed")


def _make_picture(width: int, height: int) -> bytes:
    """Make a PNG of one colour."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x1d\x6e\x5a" * width) * height
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def test_visitor_joins_and_sends_a_cover(tmp_path: Path) -> None:
    """Forms, redirects, cookies, an upload, its picture, styles: all as a person does it, and nothing to complain."""
    shop = Path(shutil.copytree(EXAMPLE, tmp_path / "bookshop", ignore=LEFT_OUT))
    picture = tmp_path / "cover.png"
    picture.write_bytes(_make_picture(60, 90))
    home = tmp_path / "home"
    home.mkdir()

    with serve(shop) as server, Browser(home) as visitor:
        host, port = server.address()
        site = f"http://{host}:{port}"

        visitor.open(f"{site}/books/3/cover")
        visitor.wait_for("/join")
        for name, text in {"name": "Ada Vance", "email": "ada@", "city": "Porto"}.items():
            visitor.fill(f"#{name}", text)
        visitor.click("form.sheet button")
        assert visitor.read("#email-fault") == "E-mail cannot be used like this."
        # The status of the answer is all that the console may speak of.
        assert [line for line in visitor.complaints() if "422" not in line] == []
        visitor.fill("#email", "ada@example.org")
        visitor.click("form.sheet button")
        visitor.wait_for("/me")

        visitor.open(f"{site}/books/3/cover")
        visitor.choose("#cover", picture)
        visitor.click("form.sheet button")

        visitor.wait_for("/books/3")
        assert visitor.run("return document.querySelector('article img.cover').naturalWidth") == 60
        # The style sheet is there and allowed: pages without it are white.
        assert visitor.run("return getComputedStyle(document.body).backgroundColor") in {
            "rgb(250, 246, 239)",
            "rgb(24, 19, 16)",
        }
        for path in ("/", "/books?q=lantern", "/cart", "/media", "/about"):
            visitor.open(f"{site}{path}")
            broken = "return [...document.images].filter(one => one.complete && !one.naturalWidth).length"
            assert visitor.run(broken) == 0, path
        assert visitor.complaints() == []
        assert server.stop() == 0
