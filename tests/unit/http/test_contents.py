"""Small files in memory: when they are used, and when they are not any more."""

import os
from pathlib import Path

import pytest

from openviper.http.contents import ContentStore, KeptFile
from openviper.http.disk import FileFacts

NOW = 2_000_000_000.0
# A file takes its content, its path and 1,024 bytes for what is known about it.
ROOM_FOR_TWO = 3000


@pytest.fixture
def store() -> ContentStore:
    return ContentStore(max_bytes=ROOM_FOR_TWO, max_file_bytes=10)


def write(path: Path, content: bytes = b"0123456789") -> str:
    path.write_bytes(content)
    return str(path)


def keep(store: ContentStore, path: str, allowed_dir: str | None = None) -> KeptFile:
    file = KeptFile(FileFacts(path, Path(path).stat(), NOW), Path(path).read_bytes())
    store.keep(path, allowed_dir, file)
    return file


def test_file_is_found_while_it_is_the_same(store: ContentStore, tmp_path: Path) -> None:
    """A kept file is given for its path and its folder, and for no others."""
    path = write(tmp_path / "a")
    file = keep(store, path)
    assert store.find(path, None) is file
    assert store.find(path, str(tmp_path)) is None
    assert store.find(str(tmp_path / "b"), None) is None
    assert file.read(2, 3) == b"234"
    file.close()


@pytest.mark.parametrize("change", ["content", "length", "replaced", "gone", "mode", "link"])
def test_changed_file_is_forgotten(store: ContentStore, tmp_path: Path, change: str) -> None:
    """Whatever happens to the file, or to the way to it, ends its stay."""
    path = tmp_path / "a"
    (tmp_path / "target").write_bytes(b"0123456789")
    path.symlink_to(tmp_path / "target")
    keep(store, str(path))
    if change == "content":
        path.write_bytes(b"9876543210")
        os.utime(path, (1, 1))
    elif change == "length":
        path.write_bytes(b"0")
    elif change == "replaced":
        (tmp_path / "new").write_bytes(b"9876543210")
        (tmp_path / "new").rename(tmp_path / "target")
    elif change == "gone":
        (tmp_path / "target").unlink()
    elif change == "mode":
        path.chmod(0)
    else:
        (tmp_path / "other").write_bytes(b"9876543210")
        path.unlink()
        path.symlink_to(tmp_path / "other")
    assert store.find(str(path), None) is None
    assert store._bytes == 0


def test_oldest_files_make_room(store: ContentStore, tmp_path: Path) -> None:
    """All files together stay within their limit; a file that is kept again counts once."""
    paths = [write(tmp_path / name) for name in "abc"]
    for path in (paths[0], *paths):
        keep(store, path)
    assert [store.find(path, None) is None for path in paths] == [True, False, False]
    store.clear()
    assert store.find(paths[2], None) is None


def test_one_file_by_many_paths_takes_no_more_room_than_many(store: ContentStore, tmp_path: Path) -> None:
    """What a client can spell in any number of ways must not grow, although an empty file has no bytes."""
    (tmp_path / "a").mkdir()
    write(tmp_path / "empty", b"")
    paths = [str(tmp_path) + "/a/.." * number + "/empty" for number in range(20)]
    for path in paths:
        keep(store, path)
    assert sum(store.find(path, None) is not None for path in paths) <= 2


def test_only_small_files_at_rest_are_taken(store: ContentStore, tmp_path: Path) -> None:
    """A file that has just been written might change again without a trace, a large one is not worth it."""
    path = write(tmp_path / "a")
    os.utime(path, (NOW - 2, NOW - 2))
    assert store.takes(FileFacts(path, Path(path).stat(), NOW), NOW)
    assert not store.takes(FileFacts(path, Path(path).stat(), NOW), NOW - 1)
    large = write(tmp_path / "b", b"x" * 11)
    assert not store.takes(FileFacts(large, Path(large).stat(), NOW), NOW + 1e9)
