"""Hashed names: a name that changes with the content, so that browsers may keep a file for ever."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import Final

from openviper.staticfiles.references import Reference, find_references, has_references

__all__ = ["Asset", "digest_of", "hashed_names", "read_asset"]

_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, as far as a collection has to know it.

    Args:
        name: The path below its folder.
        path: The file.
        digest: SHA-256 of its content.
        text: The content of a style sheet or script; None for other kinds, and for what is not UTF-8.
        references: What the text refers to, in the order of the text.
    """

    name: str
    path: Path
    digest: bytes
    text: str | None = None
    references: list[Reference] = field(default_factory=list)


def read_asset(name: str, path: Path, *, base_url: str) -> Asset:
    """Read a file once: its digest, and its text where references can be in it.

    Raises:
        OSError: It cannot be read.
    """
    if has_references(name):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return Asset(name, path, hashlib.sha256(data).digest())
        references = find_references(name, text, base_url=base_url)
        return Asset(name, path, hashlib.sha256(data).digest(), text, references)
    with path.open("rb") as file:
        return Asset(name, path, digest_of(file))


def digest_of(file: BufferedIOBase) -> bytes:
    """Return the SHA-256 of the rest of a file."""
    return hashlib.file_digest(file, "sha256").digest()


def hashed_names(assets: Iterable[Asset]) -> dict[str, str]:
    """Return the hashed name of each file: ``css/site.css`` becomes ``css/site.0f3a9c4b21de.css``.

    The name stands for the content of the file and of everything that it refers to, at any distance: a style sheet
    gets another name when a picture in it changes. Files may refer to each other in a circle, as scripts do.
    """
    known = {asset.name: asset for asset in assets}
    return {name: _with_hash(name, _deep_digest(asset, known)) for name, asset in known.items()}


def _deep_digest(asset: Asset, known: Mapping[str, Asset]) -> str:
    reached = {asset.name}
    waiting = [asset]
    while waiting:
        for reference in waiting.pop().references:
            if reference.target in known and reference.target not in reached:
                reached.add(reference.target)
                waiting.append(known[reference.target])
    if len(reached) == 1:
        return asset.digest.hex()
    parts = [asset.digest, *(f"{name}\n".encode() + known[name].digest for name in sorted(reached))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _with_hash(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}.{digest[:_LENGTH]}{path.suffix}"))
