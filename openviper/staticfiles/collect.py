"""Gathering the static files of a project in one folder, for a web server or a middleware to send."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openviper.conf.environment import project_folder
from openviper.staticfiles.destination import Destination, refuse_clearing, refuse_destination
from openviper.staticfiles.exceptions import MissingReferenceError, StaticFilesError
from openviper.staticfiles.finders import Scan, StaticFinder, app_folders, upload_folder
from openviper.staticfiles.hashing import Asset, hashed_names, read_asset
from openviper.staticfiles.manifest import MANIFEST_NAME, Manifest, forget_manifests
from openviper.staticfiles.references import rewrite
from openviper.staticfiles.variants import VARIANTS, available_encoders, is_compressible

__all__ = ["CollectOptions", "Collected", "collect", "collect_static"]


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """How files are collected.

    Args:
        clear: Whether every file is written anew and everything else in the folder is deleted.
        dry_run: Whether nothing is changed.
        hashed: Whether a copy with a hashed name, and the list of these names, is made.
        compressed: Whether compressed copies are made.
        lenient: Whether a reference to a file that is not there is left as it is, in place of an error.
        base_url: Where static files appear on the site.
        uploads: The folder of users' files, which the destination must not touch; None where there is none.
    """

    clear: bool = False
    dry_run: bool = False
    hashed: bool = True
    compressed: bool = True
    lenient: bool = False
    base_url: str = "/static/"
    uploads: Path | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection has done, or would do.

    Args:
        folder: Where the files are.
        copied: Names of the files that were new or changed.
        unchanged: How many files were there already.
        hashed: How many files have a copy with a hashed name.
        compressed: How many compressed copies were made; those of an earlier run are not counted.
        removed: Names of what was deleted.
        scan: What was found in the sources.
    """

    folder: Path
    copied: tuple[str, ...]
    unchanged: int
    hashed: int
    compressed: int
    removed: tuple[str, ...]
    scan: Scan = field(repr=False)


def collect_static(source_dirs: Iterable[Path | str], dest_dir: Path | str, *, clear: bool = False) -> int:
    """Collect files from some folders and from ``static`` in each installed app.

    Args:
        source_dirs: Folders that come before those of the apps; a relative one starts at the project's folder.
        dest_dir: Where files go, below their own names and hashed ones; relative to the project's folder.
        clear: Whether everything else in that folder is deleted.

    Returns:
        How many files the sources hold; those that were there already are among them.

    Raises:
        StaticFilesError: The folder cannot be used, a file cannot be read or written, or a reference leads nowhere.
    """
    root = project_folder()
    folders = [*(root / folder for folder in source_dirs), *app_folders()]
    collected = collect(folders, root / dest_dir, CollectOptions(clear=clear, uploads=upload_folder()))
    return len(collected.copied) + collected.unchanged


def collect(folders: Sequence[Path], destination: Path, options: CollectOptions | None = None) -> Collected:
    """Collect the files of some folders; of two with one name that of the first folder is taken.

    Files are read and written at once, in the thread of the caller. Two runs at a time end as one after the other
    would, unless both clear the folder.

    Args:
        folders: Where files come from, absolute; they may be missing.
        destination: Where they go, absolute; made when missing.
        options: None means the default of each.

    Raises:
        StaticFilesError: The destination cannot be used, a file cannot be read or written, or two names exclude each
            other. Files that were written until then stay.
        MissingReferenceError: A reference leads nowhere; nothing was written.
    """
    options = options or CollectOptions()
    with _failures_named():
        refuse_destination(
            destination, folders, clear=options.clear, protected=[project_folder()], uploads=options.uploads
        )
        scan = StaticFinder(folders).scan(without=destination)
        if options.clear:
            refuse_clearing(destination, scan.files)
        _refuse_conflicts(scan.files)
        assets = [read_asset(name, path, base_url=options.base_url) for name, path in scan.files.items()]
        if options.hashed and not options.lenient:
            _refuse_missing(assets)
        collected = _Collection(destination, assets, options).run(scan)
    forget_manifests()
    return collected


class _Collection:
    """One run, once everything is known that goes into the folder."""

    def __init__(self, folder: Path, assets: Sequence[Asset], options: CollectOptions) -> None:
        self._target = Destination(folder, dry_run=options.dry_run, anew=options.clear)
        self._assets = assets
        self._options = options
        self._names = hashed_names(assets) if options.hashed else {}
        self._given = {asset.name for asset in assets}
        self._kept = {*self._given, *self._names.values()}
        self._encoders = available_encoders() if options.compressed and not options.dry_run else {}

    def run(self, scan: Scan) -> Collected:
        # Compressing is most of the work, and does not hold the interpreter.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(self._put, self._assets))
        copied = [asset.name for asset, (is_new, _) in zip(self._assets, done, strict=True) if is_new]
        self._put_manifest()
        removed = self._target.prune(self._kept) if self._options.clear else []
        return Collected(
            folder=self._target.folder,
            copied=tuple(copied),
            unchanged=len(self._assets) - len(copied),
            hashed=len(self._names),
            compressed=sum(made for _, made in done),
            removed=tuple(removed),
            scan=scan,
        )

    def _put(self, asset: Asset) -> tuple[bool, int]:
        """Put a file and its copies; tell whether it is new, and how many compressed copies were made."""
        is_new = self._target.put(asset.name, asset.path, asset.digest)
        # Both names have the same content, unless references in it were rewritten: it is compressed once.
        encode = functools.lru_cache(maxsize=len(VARIANTS))(self._encode)
        made = self._compress(asset.name, encode, is_new=is_new)
        hashed = self._names.get(asset.name)
        if hashed is not None:
            is_new_copy = self._put_copy(asset, hashed)
            made += self._compress(hashed, encode, is_new=is_new_copy)
        return is_new, made

    def _put_copy(self, asset: Asset, hashed: str) -> bool:
        if asset.text is None or not asset.references:
            return self._target.put(hashed, asset.path, asset.digest)
        data = rewrite(asset.text, asset.references, self._names).encode()
        return self._target.put_bytes(hashed, data, asset.path)

    def _compress(self, name: str, encode: Callable[[str, bytes], bytes], *, is_new: bool) -> int:
        """Make the compressed copies of a file, or see to it that none of an earlier content stays."""
        data: bytes | None = None
        made = 0
        for suffix in VARIANTS.values() if is_compressible(name) else ():
            variant = name + suffix
            if variant in self._given:
                continue  # the project brings its own
            if (not is_new and self._target.has_variant(name, suffix)) or self._options.dry_run:
                self._kept.add(variant)
                continue
            if suffix in self._encoders:
                data = self._target.read(name) if data is None else data
                compressed = encode(suffix, data)
                if len(compressed) < len(data):
                    self._target.put_variant(name, suffix, compressed)
                    self._kept.add(variant)
                    made += 1
                    continue
            self._target.remove(variant)
        return made

    def _encode(self, suffix: str, data: bytes) -> bytes:
        return self._encoders[suffix](data)

    def _put_manifest(self) -> None:
        """Write the list last, when everything that it names is there."""
        if not self._options.hashed:
            self._target.remove(MANIFEST_NAME)
            return
        self._kept.add(MANIFEST_NAME)
        self._target.put_bytes(MANIFEST_NAME, Manifest(self._names).encode())


def _refuse_conflicts(files: Mapping[str, Path]) -> None:
    if MANIFEST_NAME in files:
        raise StaticFilesError(f"{files[MANIFEST_NAME]} has the name of the list of hashed names; rename it")
    for name, path in files.items():
        parts = name.split("/")
        for depth in range(1, len(parts)):
            other = files.get("/".join(parts[:depth]))
            if other is not None:
                raise StaticFilesError(f"{other} is a file where {path} needs a folder; rename one of them")


def _refuse_missing(assets: Sequence[Asset]) -> None:
    known = {asset.name for asset in assets}
    for asset in assets:
        for reference in asset.references:
            if reference.is_needed and reference.target not in known:
                line = (asset.text or "").count("\n", 0, reference.start) + 1
                raise MissingReferenceError(asset.path, line=line, address=reference.address, target=reference.target)


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        subject = error.filename2 or error.filename or "the disk"
        raise StaticFilesError(f"cannot read or write {subject}: {error.strerror or error}") from error
