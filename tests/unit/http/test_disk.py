"""A file that is read from threads and closed from anywhere."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.exceptions import NotFound
from openviper.http.disk import OpenFile, validators_of

NOW = 2_000_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    return path


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all there is


@pytest.fixture(autouse=True)
def every_descriptor_is_closed() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() <= before


def opened(path: Path | str, allowed_dir: Path | None = None) -> OpenFile:
    file = OpenFile(str(path), None if allowed_dir is None else str(allowed_dir))
    file.open(NOW)
    return file


def test_file_is_looked_at_and_read(path: Path) -> None:
    """Length, time, type and tag are known; any part can be read."""
    os.utime(path, (1e9, 1e9))
    file = opened(path)
    assert (file.facts.size, file.facts.mtime) == (10, 1e9)
    assert file.facts.content_type == (b"content-type", b"text/plain; charset=utf-8")
    assert file.facts.last_modified == (b"last-modified", b"Sun, 09 Sep 2001 01:46:40 GMT")
    assert file.facts.etag == (b"etag", b'"de0b6b3a7640000-a"')
    assert file.read(2, 3) == b"234"
    file.close()
    file.close()
    with pytest.raises(OSError, match="was closed"):
        file.read(0, 1)


def test_file_that_was_not_opened_has_no_facts(path: Path) -> None:
    """Asking too early is a mistake of the caller."""
    with pytest.raises(ValueError, match="not been opened"):
        _ = OpenFile(str(path)).facts


@pytest.mark.parametrize(
    "name", ["missing", "a.txt/b", "folder", "pipe", "socket", "nul\0", "x" * 400, "loop", "half\ud800", ""]
)
def test_what_is_no_file_is_not_found(tmp_path: Path, path: Path, name: str) -> None:
    """Missing names, folders, pipes, sockets, endless links and impossible names all look the same."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        for allowed_dir in (None, tmp_path):
            with pytest.raises(NotFound):
                opened(f"{tmp_path}/{name}", allowed_dir)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_not_found(path: Path) -> None:
    """A client learns nothing about files that the server may not read."""
    path.chmod(0)
    with pytest.raises(NotFound):
        opened(path)


def test_file_must_lie_in_its_folder(tmp_path: Path, path: Path) -> None:
    """Links are followed before the folder is compared; a name that only begins like it is another one."""
    inside, beside = tmp_path / "in", tmp_path / "in-other"
    inside.mkdir()
    beside.mkdir()
    (inside / "b.txt").write_text("b")
    (beside / "c.txt").write_text("c")
    (inside / "link-in").symlink_to(inside / "b.txt")
    (inside / "link-out").symlink_to(path)
    (inside / "link-folder").symlink_to(beside)
    for name in ("b.txt", "link-in", "../in/b.txt"):
        opened(inside / name, inside).close()
    (tmp_path / "alias").symlink_to(inside)
    opened(inside / "b.txt", tmp_path / "alias").close()
    for name in ("link-out", "link-folder/c.txt", "../a.txt", "../in-other/c.txt", "../../etc/passwd", str(path), "."):
        with pytest.raises(NotFound):
            opened(inside / name, inside)
    with pytest.raises(NotFound):
        opened(path, tmp_path / "missing")


def test_other_faults_of_the_disk_are_errors(path: Path) -> None:
    """Having no descriptor left is the server's trouble, not a missing file."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(1)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(OSError, match="Too many open files") as caught:
            opened(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not isinstance(caught.value, NotFound)


def test_file_that_shrinks_is_an_error(path: Path) -> None:
    """Less than was announced is never taken for the whole."""
    file = opened(path)
    path.write_bytes(b"01")
    with pytest.raises(OSError, match="became shorter"):
        file.read(0, 10)
    file.close()


def test_file_closed_while_it_is_read_is_closed_by_the_reader(path: Path) -> None:
    """Whoever leaves does not take the descriptor from under a thread that uses it."""
    file = opened(path)
    with file._visit():
        file.close()
        assert os.fstat(file._descriptor).st_size == 10
    assert file._descriptor == -1


def test_file_closed_before_it_is_opened_stays_closed(path: Path) -> None:
    """A thread that comes too late opens nothing."""
    file = OpenFile(str(path))
    thread = threading.Thread(target=file.close)
    thread.start()
    thread.join()
    with pytest.raises(OSError, match="was closed"):
        file.open(NOW)


@pytest.mark.parametrize(("age", "tag"), [(2.0, '"'), (1.9, 'W/"'), (-10.0, 'W/"')])
def test_tag_of_a_young_file_is_weak(age: float, tag: str) -> None:
    """Until the clock of the file system has moved on, another change could leave length and time as they are."""
    found = validators_of(7, int((NOW - age) * 1e9), NOW)
    assert (found.etag or "").startswith(tag)
    assert found.modified_at == int(min(NOW - age, NOW))


@pytest.mark.parametrize("seconds", [NOW + 5, 253402300800, 2**56, 2**62])
def test_time_in_the_future_is_now(path: Path, seconds: float) -> None:
    """A file whose time is ahead, or beyond all calendars, was changed at the latest when it is sent."""
    os.utime(path, (seconds, seconds))
    file = opened(path)
    assert file.facts.last_modified == (b"last-modified", b"Wed, 18 May 2033 03:33:20 GMT")
    assert file.facts.validators.modified_at == NOW
    file.close()
