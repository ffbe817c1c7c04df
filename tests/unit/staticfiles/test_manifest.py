"""The list of hashed names."""

from pathlib import Path

import pytest

from openviper.staticfiles.manifest import MANIFEST_NAME, Manifest, forget_manifests, load_manifest


def test_list_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """The names are sorted, so that the same files give the same bytes."""
    manifest = Manifest({"b.css": "b.2.css", "a.css": "a.1.css"})
    (tmp_path / MANIFEST_NAME).write_bytes(manifest.encode())

    loaded = load_manifest(tmp_path)

    assert loaded is not None
    assert list(loaded.files.items()) == [("a.css", "a.1.css"), ("b.css", "b.2.css")]
    assert loaded.hashed == {"a.1.css", "b.2.css"}


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 2, "files": {}}', '{"version": 1, "files": {"a": 1}}']
)
def test_what_is_no_list_counts_as_none(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    """A file of another tool or another version has no names, and the log says so, which a missing one does not."""
    assert load_manifest(tmp_path / "empty") is None
    (tmp_path / MANIFEST_NAME).write_text(content)

    assert load_manifest(tmp_path) is None
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"the list of static files {tmp_path / MANIFEST_NAME} cannot be read: ")


def test_list_is_read_once(tmp_path: Path) -> None:
    """A new list counts after a restart, or when the old one is forgotten."""
    assert load_manifest(tmp_path) is None
    (tmp_path / MANIFEST_NAME).write_bytes(Manifest({}).encode())

    assert load_manifest(tmp_path) is None
    forget_manifests()
    assert load_manifest(tmp_path) is not None
