"""Compressed copies: what gets one, and by what."""

import gzip

import pytest

from openviper.staticfiles.variants import available_encoders, is_compressible


@pytest.mark.parametrize("name", ["site.css", "js/app.MJS", "logo.svg", "app.js.map", "font.ttf"])
def test_text_and_its_like_are_worth_it(name: str) -> None:
    """The end of the name decides."""
    assert is_compressible(name)


@pytest.mark.parametrize("name", ["photo.jpg", "font.woff2", "site.css.gz", "LICENSE", "film.mp4"])
def test_what_is_compressed_already_is_not(name: str) -> None:
    """Pictures, films and archives would only become larger."""
    assert not is_compressible(name)


def test_gzip_is_always_there_and_reproducible() -> None:
    """The same content gives the same bytes: neither the time nor a name is in them."""
    encode = available_encoders()[".gz"]
    data = encode(b"a{}" * 100)

    assert gzip.decompress(data) == b"a{}" * 100
    assert data[4:8] == bytes(4)


def test_every_encoder_makes_text_smaller() -> None:
    """Whatever is installed does its work."""
    data = b"body { color: red }\n" * 100

    assert all(len(encode(data)) < len(data) for encode in available_encoders().values())
