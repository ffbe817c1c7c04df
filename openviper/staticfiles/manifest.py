"""The list of hashed names: written by the collection, read once by whoever needs an address."""

import functools
import logging
from pathlib import Path
from types import MappingProxyType
from typing import Final

from openviper.primitives.json import decode, encode

__all__ = ["MANIFEST_NAME", "Manifest", "count_forgotten", "forget_manifests", "load_manifest"]

logger = logging.getLogger("openviper.staticfiles")

#: The file of the list, in the folder of the collected files.
MANIFEST_NAME: Final = "staticfiles.json"

_VERSION: Final = 1


class Manifest:
    """Which hashed name each static file has.

    Args:
        files: Hashed name by name.
    """

    def __init__(self, files: dict[str, str]) -> None:
        self.files = MappingProxyType(files)
        self.hashed: frozenset[str] = frozenset(files.values())

    def encode(self) -> bytes:
        """Write the list as JSON, the same bytes for the same files."""
        files = dict(sorted(self.files.items()))
        return encode({"version": _VERSION, "files": files}, indent=True) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        """Read a list.

        Raises:
            ValueError: It is none, or one of another version.
        """
        content = decode(data)
        files = content.get("files") if isinstance(content, dict) and content.get("version") == _VERSION else None
        if not isinstance(files, dict) or not all(isinstance(name, str) for name in files.values()):
            raise ValueError(f"no list of static files of version {_VERSION}")
        return cls(files)


class _Reading:
    forgotten = 0


_reading: Final = _Reading()


@functools.lru_cache(maxsize=16)
def load_manifest(folder: Path) -> Manifest | None:
    """Return the list in a folder of collected files; None when there is none, or none that can be read.

    The latter is logged: addresses have no hashes then, and browsers may keep an old file.

    It is read once a process, so that no page waits for the disk: a server sees a new collection after a restart.
    ``forget_manifests`` makes the next call read again.
    """
    path = folder / MANIFEST_NAME
    try:
        return Manifest.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        logger.warning("the list of static files %s cannot be read: %s; run collectstatic again", path, error)
        return None


def forget_manifests() -> None:
    """Forget every list that was read; the collection does so, and tests."""
    load_manifest.cache_clear()
    _reading.forgotten += 1


def count_forgotten() -> int:
    """Tell how often lists have been forgotten, for whoever keeps what a list said."""
    return _reading.forgotten
