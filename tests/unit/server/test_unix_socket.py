"""A socket in the file system."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.server.address import format_url
from openviper.server.exceptions import AddressError
from openviper.server.unix_socket import bind_unix_socket, remove_unix_socket, take_again


@pytest.fixture
def path() -> Iterator[Path]:
    """A path that is short enough, wherever the tests keep their files."""
    with tempfile.TemporaryDirectory(prefix="ov") as folder:
        yield Path(folder).resolve() / "site.sock"


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        return visitor.connect_ex(str(path)) == 0


@pytest.mark.parametrize("mode", [0o660, 0o600, 0o666])
def test_file_has_the_mode_it_was_given(path: Path, mode: int) -> None:
    """Who may connect is said by the mode, whatever the umask is, which stays as it was."""
    before = os.umask(0o077)
    try:
        with bind_unix_socket(path, mode=mode) as listener:
            assert stat.S_IMODE(path.stat().st_mode) == mode
            assert format_url(listener) == f"unix:{path}"
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_group_may_connect_by_default(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mode, owner and group may connect and nobody else; a path may start in the working directory."""
    monkeypatch.chdir(path.parent)
    with bind_unix_socket("site.sock"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_path_in_use_is_refused(path: Path) -> None:
    """A server that listens there keeps the path."""
    with bind_unix_socket(path):
        with pytest.raises(AddressError, match="another program listens there") as caught:
            bind_unix_socket(path)

        assert connects(path)
    assert (caught.value.host, caught.value.port) == (str(path), None)


def test_file_of_a_killed_server_is_replaced(path: Path) -> None:
    """A socket that nobody answers on is in nobody's way."""
    bind_unix_socket(path).close()
    assert path.is_socket()

    with bind_unix_socket(path):
        assert connects(path)


def test_other_file_is_left_alone(path: Path) -> None:
    """What is no socket is not ours to remove, a link that leads nowhere either."""
    path.write_text("precious")
    dangling = path.with_name("link")
    dangling.symlink_to("nowhere")

    for taken in (path, dangling):
        with pytest.raises(AddressError, match="which is no socket"):
            bind_unix_socket(taken)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "reason"), [("a" * 200, "choose a shorter one"), ("gone/s", "there is no such folder")]
)
def test_path_that_cannot_be_is_explained(path: Path, name: str, reason: str) -> None:
    """A long path and a missing folder are told apart."""
    with pytest.raises(AddressError, match=reason):
        bind_unix_socket(path.with_name(name) if "/" not in name else path.parent / name)


def test_removal_leaves_the_socket_of_a_successor(path: Path) -> None:
    """Only a socket that nobody answers on is removed; one that is gone is no error."""
    listener = bind_unix_socket(path)
    remove_unix_socket(path)
    assert connects(path)

    listener.close()
    remove_unix_socket(path)
    assert not path.exists()
    remove_unix_socket(path)


def test_path_is_kept_while_connections_are_refused(path: Path) -> None:
    """Taken again, the path has its mode, and nobody waits there in vain."""
    listener = take_again(bind_unix_socket(path, mode=0o600))

    assert not connects(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listener.listen()
    assert connects(path)
    listener.close()
