"""Media types: what a file's name says about its content."""

from functools import lru_cache
from mimetypes import MimeTypes
from typing import Final

__all__ = ["guess_media_type"]

_UNKNOWN: Final = "application/octet-stream"

# What browsers insist on, and what the tables of some Python releases lack or name otherwise.
_TYPES: Final = {
    ".avif": "image/avif",
    ".bin": _UNKNOWN,
    ".csv": "text/csv",
    ".flac": "audio/flac",
    ".gltf": "model/gltf+json",
    ".glb": "model/gltf-binary",
    ".heic": "image/heic",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".rtf": "application/rtf",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".weba": "audio/webm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
# A compressed file is sent as what it is: Content-Encoding would have the client unpack it.
_PACKED: Final = {
    "br": _UNKNOWN,
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


def guess_media_type(name: str) -> str:
    """Give the type of a file by its name: the same on every machine; ``application/octet-stream`` when unknown.

    Args:
        name: Name or path; the file is not opened.
    """
    kind, packing = _table().guess_type(f"/{name}")  # a slash, or "data:..." would be read as an address
    if packing is not None:
        return _PACKED.get(packing, _UNKNOWN)
    return kind or _UNKNOWN


@lru_cache(maxsize=1)
def _table() -> MimeTypes:
    # The standard library's own table and ours; the module's functions would read what the machine has in /etc.
    table = MimeTypes()
    for extension, kind in _TYPES.items():
        table.add_type(kind, extension)
    return table
