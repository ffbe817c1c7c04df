"""The folder of collected files: what may be one, and how files get into it so that no reader sees half of one."""

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable
from io import BufferedIOBase
from pathlib import Path
from typing import Final

from openviper.staticfiles.exceptions import StaticFilesError
from openviper.staticfiles.hashing import digest_of
from openviper.staticfiles.manifest import MANIFEST_NAME

__all__ = ["Destination", "refuse_clearing", "refuse_destination"]

# Hidden, so that no server gives it out and no collection takes it up.
_DRAFT: Final = ".collect-"
# Another run that clears the folder may take a draft away, or the folder that it lies in.
_ATTEMPTS: Final = 3
# What shows that a folder belongs to something else, unless the project has static files of these kinds.
_FOREIGN: Final = frozenset((".db", ".py", ".pyc", ".sqlite", ".sqlite3"))


def refuse_destination(
    folder: Path,
    sources: Iterable[Path],
    *,
    clear: bool,
    protected: Iterable[Path] = (),
    uploads: Path | None = None,
) -> None:
    """Refuse a folder that holds something else than collected files.

    Args:
        folder: Where files shall be collected.
        sources: Where they come from.
        clear: Whether everything else in it shall be deleted.
        protected: Further folders that neither it nor a folder below it may hold, such as the project's.
        uploads: Where users' files are, with which it may have nothing in common; None where there are none.

    Raises:
        StaticFilesError: It is a file, a source, the root of a disk, the home folder, holds one of the protected ones,
            overlaps with the uploads, or shall be cleared and is a link or overlaps with a source.
    """
    real = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise StaticFilesError(f"{folder} is a file; name a folder for the collected files (STATIC_ROOT)")
    for taken in (Path(real.anchor), _home(), *(path.resolve() for path in protected)):
        if taken is not None and taken.is_relative_to(real):
            raise StaticFilesError(f"{folder} is or holds {taken}; collect into a folder of its own (STATIC_ROOT)")
    if uploads is not None and _overlap(real, uploads.resolve()):
        raise StaticFilesError(
            f"{folder} overlaps with {uploads}, where uploads are (MEDIA_ROOT); collect into a folder of its own "
            "(STATIC_ROOT)"
        )
    if clear and folder.is_symlink():
        raise StaticFilesError(f"{folder} is a link to {real}, which is not cleared; name the folder itself")
    for source in sources:
        other = source.resolve()
        if other == real:
            raise StaticFilesError(
                f"{folder} is one of the folders that files come from; collect into a folder of its own (STATIC_ROOT)"
            )
        if clear and _overlap(other, real):
            raise StaticFilesError(f"{folder} overlaps with {source}, where files come from; it is not cleared")


def refuse_clearing(folder: Path, given: Collection[str]) -> None:
    """Refuse to clear a folder that no collection has made and that holds what is no static file.

    A folder with a list of hashed names is one of ours.

    Args:
        folder: The folder; it may be missing.
        given: Names of the files that are collected.

    Raises:
        StaticFilesError: It holds a hidden file, such as those of a repository, a program or a database.
        OSError: It cannot be read.
    """
    if (folder / MANIFEST_NAME).is_file():
        return
    for parent, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(parent, name)
            is_foreign = name.startswith(".") or path.suffix.lower() in _FOREIGN
            if is_foreign and not name.startswith(_DRAFT) and path.relative_to(folder).as_posix() not in given:
                raise StaticFilesError(
                    f"{path} is no static file, and no list of collected files ({MANIFEST_NAME}) is in {folder}; "
                    "it is not cleared: collect into a folder of its own (STATIC_ROOT), or delete it yourself"
                )


class Destination:
    """A folder of collected files.

    Every file is written beside its place and moved there in one step; its time is that of its source.

    Args:
        folder: The folder; made when the first file is written.
        dry_run: Whether nothing is changed, and calls only tell what they would do.
        anew: Whether a file is written even if it is there with the same content, and what stands in its way goes.
    """

    def __init__(self, folder: Path, *, dry_run: bool = False, anew: bool = False) -> None:
        self.folder = folder
        self._dry_run = dry_run
        self._anew = anew

    def put(self, name: str, source: Path, digest: bytes) -> bool:
        """Copy a file; tell whether it was new or changed.

        Raises:
            StaticFilesError: It changes while it is copied, or a link stands in its way.
            OSError: The disk does not let it.
        """

        def copy(draft: BufferedIOBase) -> None:
            with source.open("rb") as file:
                shutil.copyfileobj(file, draft)
            draft.seek(0)
            if digest_of(draft) != digest:
                raise StaticFilesError(f"{source} was changed while it was collected; run collectstatic again")

        return self._put(name, digest, copy, source)

    def put_bytes(self, name: str, data: bytes, source: Path | None = None) -> bool:
        """Write a file that was made here; tell whether it was new or changed.

        Args:
            name: Its name.
            data: Its content.
            source: The file that it was made from, whose time it gets; None leaves it the time of writing.
        """
        return self._put(name, hashlib.sha256(data).digest(), lambda draft: _write(draft, data), source)

    def has_variant(self, name: str, suffix: str) -> bool:
        """Tell whether a file has a compressed copy that was made from it: one of the same time."""
        try:
            return self._stat(name).st_mtime_ns == self._stat(name + suffix).st_mtime_ns
        except OSError:
            return False

    def read(self, name: str) -> bytes:
        """Return the content of a file that was put."""
        return (self.folder / name).read_bytes()

    def put_variant(self, name: str, suffix: str, data: bytes) -> None:
        """Write a compressed copy of a file that was put."""
        stamp = self._stat(name).st_mtime_ns
        self._place(self._target(name + suffix), lambda draft: _write(draft, data), stamp)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if not self._dry_run:
            (self.folder / name).unlink(missing_ok=True)

    def prune(self, kept: Collection[str]) -> list[str]:
        """Remove every file but some, and folders that are empty then; return the names. Links are not followed."""
        gone: list[str] = []
        for parent, folders, files in os.walk(self.folder, topdown=False):
            at = Path(parent)
            links = [name for name in folders if (at / name).is_symlink()]
            for path in (at / name for name in [*files, *links]):
                name = path.relative_to(self.folder).as_posix()
                if name in kept:
                    continue
                if not self._dry_run:
                    path.unlink(missing_ok=True)
                gone.append(name)
            if at != self.folder and not self._dry_run:
                # One that is not empty stays, and one that another run has removed is gone.
                with contextlib.suppress(OSError):
                    at.rmdir()
        return sorted(name for name in gone if not name.rpartition("/")[2].startswith(_DRAFT))

    def _put(self, name: str, digest: bytes, fill: Callable[[BufferedIOBase], None], source: Path | None) -> bool:
        target = self._target(name)
        if not self._anew and _has_content(target, digest):
            return False
        if not self._dry_run:
            self._place(target, fill, None if source is None else source.stat().st_mtime_ns)
        return True

    def _target(self, name: str) -> Path:
        """Give the place of a file, free of what cannot stay there."""
        target = self.folder / name
        for parent in list(target.parents)[: name.count("/")]:
            if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
                self._clear_way(parent)
        if target.is_dir() and not target.is_symlink():
            self._clear_way(target)
        return target

    def _clear_way(self, path: Path) -> None:
        if not self._anew:
            raise StaticFilesError(f"{path} stands in the way of a collected file; remove it, or run with --clear")
        if self._dry_run:
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _place(self, target: Path, fill: Callable[[BufferedIOBase], None], stamp: int | None) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f"{_DRAFT}{secrets.token_hex(8)}")
            try:
                # Not by tempfile, whose files nobody else may read, least of all the user of a web server.
                with draft.open("x+b") as file:
                    fill(file)
                if stamp is not None:
                    os.utime(draft, ns=(stamp, stamp))
                draft.replace(target)
            except FileNotFoundError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return
            finally:
                draft.unlink(missing_ok=True)

    def _stat(self, name: str) -> os.stat_result:
        return (self.folder / name).stat(follow_symlinks=False)


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _write(draft: BufferedIOBase, data: bytes) -> None:
    draft.write(data)


def _has_content(path: Path, digest: bytes) -> bool:
    # By content, not by time: tools that build images give every file the same time.
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return digest_of(file) == digest


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # a user without one
        return None
