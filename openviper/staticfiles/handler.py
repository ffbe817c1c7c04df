"""Sending static files: by the application itself while ``DEBUG`` is on, and by a middleware for sites without a proxy.

Both refuse what tries to leave their folders, and leave the sending to ``FileResponse``: conditions, ranges, and the
visit to the disk in a thread.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.exceptions import HTTPException, MethodNotAllowed, NotFound, PayloadTooLarge
from openviper.http.compression import choose_encoding
from openviper.http.compressors import Encoding
from openviper.http.disk import identify
from openviper.http.media import guess_media_type
from openviper.http.response import FileResponse, PlainTextResponse
from openviper.primitives.threads import run_in_thread
from openviper.routing.exceptions import PathSecurityError
from openviper.routing.path import check_path, check_raw_path
from openviper.staticfiles.finders import StaticFinder, find_below, is_left_out, upload_folder
from openviper.staticfiles.manifest import load_manifest
from openviper.staticfiles.variants import VARIANTS
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["DebugFiles", "StaticFilesMiddleware", "debug_files"]

_Answer: TypeAlias = Callable[[str], FileResponse]

_METHODS: Final = ("GET", "HEAD")
_A_YEAR: Final = 31_536_000
# Files that were found once are looked for again by FileResponse alone; a folder with more of them is found anew.
_MOST_KNOWN: Final = 4096
# What a browser runs when a visitor opens it: scripts in it would act with the rights of this site.
_ACTIVE: Final = frozenset(
    ("application/xhtml+xml", "application/xml", "image/svg+xml", "text/html", "text/xml", "text/xsl")
)


class StaticFilesMiddleware:
    """Answers everything below a path from folders; what they do not have goes on to the application.

    Only ``GET`` and ``HEAD`` are answered. A name that was hashed by ``collectstatic`` may be kept for a year, another
    one for ``cache_max_age``. Where a compressed copy lies beside a file, clients that take it get that.

    Args:
        app: The next application.
        url_path: Where the files appear: a path without a host.
        directories: Folders, the first that has a file wins; a relative one starts at the project's folder.
        cache_max_age: Seconds that a client may keep a file without asking again; 0 makes it ask every time.
        max_file_size: Bytes that a file may have; a larger one is answered with 413.

    Raises:
        ValueError: The path is empty, or a number is negative.
    """

    def __init__(
        self,
        app: ASGIApp,
        url_path: str = "/static",
        directories: Iterable[str | Path] = ("static",),
        cache_max_age: int = 3600,
        max_file_size: int = 50 * 1024 * 1024,
    ) -> None:
        self.app = app
        self._prefix = f"/{url_path.strip('/')}/"
        if self._prefix == "//" or cache_max_age < 0 or max_file_size < 0:
            raise ValueError(
                f"url_path={url_path!r}, cache_max_age={cache_max_age}, max_file_size={max_file_size}: "
                "give a path below the root, and numbers that are not negative"
            )
        root = project_folder()
        folders = [directories] if isinstance(directories, str | Path) else directories
        self._finder = StaticFinder([root / folder for folder in folders])
        self._max_age = cache_max_age
        self._max_file_size = max_file_size
        self._known: dict[str, _Found] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an http scope below the path; everything else goes on."""
        path = _path_below_root(scope) if scope["type"] == "http" else ""
        if not path.startswith(self._prefix):
            await self.app(scope, receive, send)
            return
        name = path[len(self._prefix) :]
        try:
            _check(scope, path)
            # A compressed copy that was there a moment ago is no reason to have no file: it is looked for once more.
            is_sent = await self._send(name, scope, receive, send) or await self._send(name, scope, receive, send)
        except HTTPException as error:
            await PlainTextResponse(str(error.detail), error.status_code, error.headers)(scope, receive, send)
            return
        if not is_sent:
            await self.app(scope, receive, send)

    async def _send(self, name: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Send a file; tell whether there was one."""
        found = self._known.get(name)
        if found is None or not found.is_current():
            self._known.pop(name, None)
            found = await run_in_thread(self._find, name)
            if found is None:
                return False
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[name] = found
        try:
            # The head is sent when the file is open, so nothing has been sent when there is none.
            await self._answer(name, found, scope)(scope, receive, send)
        except NotFound:
            self._known.pop(name, None)
            return False
        return True

    def _answer(self, name: str, found: "_Found", scope: Scope) -> FileResponse:
        headers = {"cache-control": found.cache_control, "x-content-type-options": "nosniff"}
        path = found.path
        if found.variants:
            headers["vary"] = "Accept-Encoding"
            asked = b",".join(value for field, value in scope["headers"] if field == b"accept-encoding")
            encoding = choose_encoding(asked.decode("latin-1"), tuple(found.variants))
            if encoding is not None:
                headers["content-encoding"] = encoding
                path = found.variants[encoding]
        # Whether the file still lies in its folder is asked each time, since a folder may have become a link.
        return FileResponse(path, guess_media_type(name), allowed_dir=found.folder, headers=headers)

    def _find(self, name: str) -> "_Found | None":
        """Look for a file and its compressed copies; None when no folder has it. Blocks.

        Raises:
            PayloadTooLarge: It is larger than the limit.
        """
        path = self._finder.find(name)
        if path is None:
            return None
        try:
            folder = next(it for it in map(Path.resolve, self._finder.folders) if path.is_relative_to(it))
            facts = path.stat()
            variants = dict(_iter_variants(path, facts.st_mtime_ns))
        except OSError:  # it was there a moment ago
            return None
        if facts.st_size > self._max_file_size:
            raise PayloadTooLarge(detail=f"The file is larger than {self._max_file_size} bytes.")
        return _Found(path, folder, self._cache_control(name), variants, identify(facts))

    def _cache_control(self, name: str) -> str:
        manifests = filter(None, map(load_manifest, self._finder.folders))
        if any(name in manifest.hashed for manifest in manifests):
            # RFC 8246: with another content it would have another name.
            return f"public, max-age={_A_YEAR}, immutable"
        return f"public, max-age={self._max_age}" if self._max_age else "no-cache"


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    folder: Path
    cache_control: str
    variants: Mapping[Encoding, Path]
    identity: tuple[int, ...]

    def is_current(self) -> bool:
        """Tell whether the file is what it was: another one has other copies, and another size."""
        try:
            # 2 us, less than it takes to tell a thread.
            return identify(os.stat(self.path)) == self.identity  # noqa: PTH116 - a Path costs as much as the look
        except OSError:
            return False


class DebugFiles:
    """What an application answers beside its routes while it is in debug: static files, and uploads.

    Args:
        static_url: Where static files appear; one on another host is none of ours.
        static_folders: Where they lie, the first that has a file wins.
        media_url: Where uploads appear, as with ``static_url``.
        media_root: Where they lie; None serves none.
    """

    def __init__(
        self, static_url: str, static_folders: Sequence[Path], media_url: str = "", media_root: Path | None = None
    ) -> None:
        self._finder = StaticFinder(static_folders)
        self._media_root = media_root
        serving: list[tuple[str, _Answer]] = [(_own_path(static_url), self._answer_static)]
        if media_root is not None:
            serving.append((_own_path(media_url), self._answer_media))
        # The longest first, as one may stand below the other.
        self._serving = sorted(
            ((prefix, answer) for prefix, answer in serving if prefix), key=lambda it: len(it[0]), reverse=True
        )

    def find(self, path: str, root_path: str = "") -> ASGIApp | None:
        """Give what answers a path, which may be a 404; None when it lies below none of the addresses.

        The addresses are those that a browser sees: where the application is mounted below a path, or a proxy serves it
        there, ``STATIC_URL`` begins with that path. One that does not is found below the application all the same.

        Args:
            path: The path below the ``root_path`` of the application.
            root_path: The path that the application itself is served below.
        """
        for whole in (f"{root_path}{path}", path) if root_path else (path,):
            for prefix, answer in self._serving:
                if whole.startswith(prefix):
                    return partial(self._serve, whole[len(prefix) :], answer)
        return None

    async def _serve(self, name: str, answer: _Answer, scope: Scope, receive: Receive, send: Send) -> None:
        _check(scope, f"/{name}")
        response = await run_in_thread(answer, name)
        await response(scope, receive, send)

    def _answer_static(self, name: str) -> FileResponse:
        path = self._finder.find(name)
        if path is None:
            raise NotFound
        # Whoever writes a style sheet wants to see it with the next reload.
        return FileResponse(path, headers={"cache-control": "no-cache", "x-content-type-options": "nosniff"})

    def _answer_media(self, name: str) -> FileResponse:
        path = None if self._media_root is None or is_left_out(name) else find_below(self._media_root, name)
        if path is None:
            raise NotFound
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        media_type = guess_media_type(path.name)
        if media_type not in _ACTIVE and not media_type.endswith("+xml"):
            return FileResponse(path, headers=headers)
        headers["content-security-policy"] = "sandbox"
        return FileResponse(path, filename=path.name, headers=headers)


def debug_files() -> DebugFiles:
    """Make what an application in debug serves, from the settings as they are."""
    # Uploads with the project in them would give away code and secrets.
    return DebugFiles(settings.STATIC_URL, StaticFinder().folders, settings.MEDIA_URL, upload_folder())


def _check(scope: Scope, path: str) -> None:
    """Refuse what is no request for a file, before anything is looked for.

    Raises:
        MethodNotAllowed: It would change something.
        PathSecurityError: The path holds what no client sends by itself (400).
    """
    if scope["method"] not in _METHODS:
        raise MethodNotAllowed(_METHODS)
    check_path(path)
    check_raw_path(scope.get("raw_path") or b"")
    if "\\" in path or any(character < " " for character in path):
        raise PathSecurityError("The path holds a backslash or a control character.")


def _iter_variants(path: Path, mtime_ns: int) -> Iterator[tuple[Encoding, Path]]:
    """Yield encoding and path of each compressed copy that is not older than the file."""
    for encoding, suffix in VARIANTS.items():
        variant = find_below(path.parent, path.name + suffix)
        # One that is older holds what the file was before a change.
        if variant is not None and variant.stat().st_mtime_ns >= mtime_ns:
            yield encoding, variant


def _own_path(url: str) -> str:
    """Give the path of an address on this site, with a slash at both ends; empty for none and for the root."""
    parts = urlsplit(url)
    path = parts.path.strip("/")
    return f"/{path}/" if path and not parts.netloc else ""


def _path_below_root(scope: Scope) -> str:
    """Give the path below the mount of the application; ASGI keeps ``root_path`` in front of it."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    return path[len(root_path) :] if root_path and path.startswith(f"{root_path}/") else path
