"""Compressed copies of static files: what gets one, and how its name ends."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from openviper.http.compressors import Encoding, compress, installed_encodings

__all__ = ["VARIANTS", "Encoder", "available_encoders", "is_compressible"]

Encoder: TypeAlias = Callable[[bytes], bytes]

#: The end of the name of a compressed copy by its encoding, the one that is smallest as a rule first.
VARIANTS: Final[Mapping[Encoding, str]] = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}

# As hard as each can try, since it is done once; above 19 zstd needs more memory than browsers give it.
_LEVELS: Final[Mapping[Encoding, int]] = {"br": 11, "zstd": 19, "gzip": 9}
# Pictures, films and other fonts are compressed already.
_COMPRESSIBLE: Final = frozenset(
    (
        ".atom", ".bmp", ".css", ".csv", ".eot", ".geojson", ".htm", ".html", ".ico", ".js", ".json", ".map", ".md",
        ".mjs", ".otf", ".rss", ".svg", ".ttf", ".txt", ".wasm", ".webmanifest", ".xhtml", ".xml", ".xsl",
    )
)  # fmt: skip


def is_compressible(name: str) -> bool:
    """Tell by its name whether a file becomes smaller as a rule."""
    return PurePosixPath(name).suffix.lower() in _COMPRESSIBLE


def available_encoders() -> dict[str, Encoder]:
    """Return what compresses here, by the end of the names: gzip always, the others where they are installed.

    The same content gives the same bytes, whenever and wherever it is compressed by the same release.
    """
    return {
        VARIANTS[encoding]: partial(compress, encoding=encoding, level=_LEVELS[encoding])
        for encoding in installed_encodings()
    }
