"""A socket in the file system: taken, shared with a group, and removed again."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Final

from openviper.server.exceptions import AddressError

__all__ = ["bind_unix_socket", "remove_unix_socket", "take_again"]

#: Mode of the file by default: its owner and group may connect.
DEFAULT_MODE: Final = 0o660

# Seconds that a server with a full queue may take to show that it is there.
_PROBE_TIMEOUT: Final = 1.0

_REASONS: Final = {
    errno.EACCES: "this user may not create a file there",
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "there is no such folder",
    errno.EADDRINUSE: "another program listens there; stop it, or choose another path",
}


def bind_unix_socket(path: Path | str, *, mode: int = DEFAULT_MODE, listening: bool = True) -> socket.socket:
    """Take a path; what a server that was killed has left there is replaced.

    Args:
        path: Where the file will be, in a folder that exists.
        mode: Permissions of the file; who may write to it may connect.
        listening: Whether connections are queued from now on. It is also how another server sees that the path is
            in use, since a file can be bound over once it has been removed.

    Raises:
        AddressError: Another program listens there, something else than a socket is in the way, or the path is too
            long, without a folder or not for this user.
    """
    path = Path(path).absolute()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        # From its first moment on the file has no more permissions than it is to have.
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        path.chmod(mode)
        if listening:
            listener.listen()
    except OSError as error:
        listener.close()
        if isinstance(error, AddressError):
            raise
        # The one failure without a number is that of a path which does not fit into sun_path.
        reason = _REASONS.get(error.errno or 0, error.strerror) or (
            f"the path has {len(os.fsencode(path))} bytes, and a unix socket takes about 100; choose a shorter one"
        )
        raise AddressError(str(path), None, reason) from error
    return listener


def take_again(listener: socket.socket) -> socket.socket:
    """Close a bound socket, and take its path again without listening: connections are refused."""
    path = Path(listener.getsockname())
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else DEFAULT_MODE
    listener.close()
    path.unlink(missing_ok=True)
    return bind_unix_socket(path, mode=mode, listening=False)


def remove_unix_socket(path: Path | str) -> None:
    """Remove a socket that nobody answers on; one that another server has taken over stays."""
    path = Path(path)
    if path.is_socket() and not _is_answered(path):
        path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_socket():
        raise AddressError(str(path), None, "there is a file of that name which is no socket; choose another path")
    if _is_answered(path):
        raise AddressError(str(path), None, _REASONS[errno.EADDRINUSE])
    path.unlink(missing_ok=True)


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_TIMEOUT)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # a full queue, or a server that this user may not talk to
    return True
