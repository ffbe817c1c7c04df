"""A server that starts anew when a file of the project changes.

The parent only watches. A change ends the child and starts the next one on the same socket, so that requests sent in
between wait for it. A child that fails, over a syntax error say, leaves the parent watching for the mend; until then
the socket is closed to visitors, who would wait in vain.
"""

import logging
import socket
from collections.abc import Iterable, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from watchfiles import watch

from openviper.server.children import ChildMaker
from openviper.server.signals import stop_requested

__all__ = ["WatchFilter", "run_with_reload"]

logger = logging.getLogger("openviper.server")

_SUFFIXES: Final = (".py", ".html")
_NAMES: Final = (".env",)
# Beside hidden folders, which are those of version control, editors and caches.
_IGNORED_FOLDERS: Final = frozenset({"__pycache__", "node_modules"})

# Milliseconds between two looks at the child while no file changes.
_INTERVAL_MS: Final = 500

# Seconds for requests in flight before a restart: a stream that never ends must not hold up the reload.
_RESTART_GRACE: Final = 0.25

# Seconds that the old server may take to end before it is killed.
_RESTART_TIMEOUT: Final = 10.0


class WatchFilter:
    """Decides which changed files start the server anew: Python, templates and ``.env``.

    Files in hidden folders, ``node_modules``, caches, virtual environments and the ignored folders do not count.

    Args:
        root: The folder that is watched.
        ignored: Folders that the site itself writes to, such as its media.
    """

    def __init__(self, root: Path, ignored: Iterable[Path] = ()) -> None:
        self._root = root.resolve()
        self._ignored = [folder.resolve() for folder in ignored]

    def __call__(self, _change: object, path: str) -> bool:
        """Tell whether a change at a path counts; called by the watcher for each one."""
        file = Path(path)
        if file.suffix not in _SUFFIXES and file.name not in _NAMES:
            return False
        if any(folder in file.parents for folder in self._ignored):
            return False
        return not any(self._is_foreign(folder) for folder in self._folders_between(file))

    def _folders_between(self, file: Path) -> Iterator[Path]:
        for folder in file.parents:
            if folder == self._root:
                return
            yield folder

    def _is_foreign(self, folder: Path) -> bool:
        # PEP 405: every virtual environment holds this file, whatever its folder is called.
        return folder.name.startswith(".") or folder.name in _IGNORED_FOLDERS or (folder / "pyvenv.cfg").is_file()


def run_with_reload(listener: socket.socket, root: Path, *, ignored: Iterable[Path], stop_timeout: float) -> int:
    """Keep a child serving until this process is told to end, and start it anew after every change.

    Args:
        listener: The bound socket; closed at the end.
        root: The folder to watch, with all that lies below.
        ignored: Folders in it that do not count; see ``WatchFilter``.
        stop_timeout: Seconds that the child may take to end at the end; then it is killed.

    Returns:
        0 after a stop on request.

    Raises:
        AddressError: A child failed, and before the mend another program took its address.
    """
    # The watcher reports real paths, and the filter compares them with this one.
    root = root.resolve()
    maker = ChildMaker(listener)
    try:
        with stop_requested(maker.hurry) as stopping:
            served = _Served(maker)
            for changes in watch(
                root,
                watch_filter=WatchFilter(root, ignored),
                stop_event=stopping,
                rust_timeout=_INTERVAL_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                if changes:
                    logger.info("%s changed, starting anew", _names(changes, root))
                    served.start_anew(Path(path) for _, path in changes)
                elif served.has_ended():
                    return 0
            served.stop(stop_timeout)
            return 0
    finally:
        maker.close()


class _Served:
    """The child that serves, and those that take its place."""

    def __init__(self, maker: ChildMaker) -> None:
        self._maker = maker
        self._child = maker.start()
        self._is_failed = False

    def start_anew(self, changed: Iterable[Path]) -> None:
        self._child.ask_to_stop()
        if not self._child.has_ended_within(_RESTART_GRACE):
            self._child.ask_to_hurry()
        self._child.wait(_RESTART_TIMEOUT)
        for file in changed:
            _forget_bytecode(file)
        self._child = self._maker.start()
        self._is_failed = False

    def stop(self, timeout: float) -> None:
        self._child.ask_to_stop()
        self._child.wait(timeout)

    def has_ended(self) -> bool:
        """Tell whether the child was stopped by somebody else; after a failure the next change is waited for."""
        code = self._child.exit_code
        if code is None or self._is_failed:
            return False
        if code == 0:
            return True
        # The socket outlives the child and may be listening: a visitor would be let in and wait for ever.
        self._maker.refuse_connections()
        self._is_failed = True
        logger.warning("the server ended with code %d; it starts anew after the next change", code)
        return False


def _forget_bytecode(file: Path) -> None:
    """Remove the compiled form of a source: it is taken for fresh if both saves were of one second and one size."""
    if file.suffix == ".py":
        Path(cache_from_source(str(file))).unlink(missing_ok=True)


def _names(changes: Iterable[tuple[object, str]], root: Path) -> str:
    files = sorted({Path(path) for _, path in changes})
    return ", ".join(str(file.relative_to(root)) if file.is_relative_to(root) else str(file) for file in files)
