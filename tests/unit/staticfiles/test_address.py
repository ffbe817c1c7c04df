"""Addresses of static files and uploads."""

import logging
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.conf import settings
from openviper.staticfiles import media, static
from openviper.staticfiles.collect import collect
from openviper.templating import render_to_string
from openviper.testing import override_settings

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer


@pytest.fixture
def collected(write: "Writer", tmp_path: Path) -> Path:
    """A folder of collected files; ``site.css`` is among them."""
    collect([write("static", {"site.css": ""})], tmp_path / "out")
    return tmp_path / "out"


def test_address_has_the_hash_while_debug_is_off(collected: Path) -> None:
    """Pages in production name the copy that browsers may keep."""
    settings.configure(DEBUG=False, STATIC_ROOT=str(collected))

    assert static("site.css") == "/static/site.e3b0c44298fc.css"


def test_template_has_the_hash_too(collected: Path, write: "Writer") -> None:
    """``static()`` of a template is the same function."""
    templates = write("templates", {"page.html": "{{ static('site.css') }}"})
    settings.configure(DEBUG=False, STATIC_ROOT=str(collected), TEMPLATES_DIR=str(templates))

    assert render_to_string("page.html") == "/static/site.e3b0c44298fc.css"


def test_address_is_plain_while_debug_is_on(collected: Path) -> None:
    """While developing the file itself is served, whatever was collected once."""
    settings.configure(DEBUG=True, STATIC_ROOT=str(collected))

    assert static("site.css") == "/static/site.css"


def test_nothing_collected_leaves_addresses_plain(tmp_path: Path) -> None:
    """A site may serve its files by other means."""
    settings.configure(DEBUG=False, STATIC_ROOT=str(tmp_path / "out"))

    assert static("site.css") == "/static/site.css"


def test_file_that_was_not_collected_is_warned_about_once(collected: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The page is sent with the plain address; the log names the file."""
    settings.configure(DEBUG=False, STATIC_ROOT=str(collected))

    with caplog.at_level(logging.WARNING, "openviper.staticfiles"):
        assert [static("forgotten.css"), static("forgotten.css")] == ["/static/forgotten.css"] * 2
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "static file 'forgotten.css' was not collected"
    ]


def test_address_of_an_upload() -> None:
    """``MEDIA_URL`` and the percent-encoded name."""
    settings.configure(MEDIA_URL="/uploads")

    assert media("covers/a b.png") == "/uploads/covers/a%20b.png"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "", "a\\b"])
def test_name_of_no_file_is_refused(name: str) -> None:
    """A name that climbs or is absolute makes no address."""
    with pytest.raises(ValueError, match=r"static\("):
        static(name)
    with pytest.raises(ValueError, match=r"media\("):
        media(name)


def test_address_follows_settings_and_collections(collected: Path, write: "Writer") -> None:
    """What was written once is written anew when a setting changes or files are collected again."""
    settings.configure(DEBUG=False, STATIC_ROOT=str(collected))
    assert [static("site.css") for _ in range(2)] == ["/static/site.e3b0c44298fc.css"] * 2

    with override_settings(STATIC_URL="https://cdn.example/"):
        assert static("site.css") == "https://cdn.example/site.e3b0c44298fc.css"
    assert static("site.css") == "/static/site.e3b0c44298fc.css"

    collect([write("static", {"site.css": "new"})], collected)
    assert static("site.css") == "/static/site.11507a0e2f5e.css"


def test_names_of_visitors_do_not_fill_the_memory(collected: Path) -> None:
    """Addresses are kept for as many names as templates have, not for any number."""
    settings.configure(DEBUG=True, STATIC_ROOT=str(collected))
    static("site.css")
    tracemalloc.start()
    for number in range(20_000):
        static(f"{number}.css")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 2_000_000
