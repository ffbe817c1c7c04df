"""Media types by name."""

import pytest

from openviper.http.media import guess_media_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html"),
        ("site.css", "text/css"),
        ("app.js", "text/javascript"),
        ("app.mjs", "text/javascript"),
        ("app.js.map", "application/json"),
        ("lib.wasm", "application/wasm"),
        ("font.woff2", "font/woff2"),
        ("photo.WEBP", "image/webp"),
        ("photo.avif", "image/avif"),
        ("icon.svg", "image/svg+xml"),
        ("site.webmanifest", "application/manifest+json"),
        ("dump.tar.gz", "application/gzip"),
        ("page.html.br", "application/octet-stream"),
        ("icon.svgz", "application/gzip"),
        ("/srv/files/a.pdf", "application/pdf"),
        ("data:text/html,x", "application/octet-stream"),
        ("no-extension", "application/octet-stream"),
        ("strange.qqq", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_name_tells_the_type(name: str, expected: str) -> None:
    """The table is ours and the same on every machine; packed files are sent as what they are."""
    assert guess_media_type(name) == expected
