"""Gathering static files in one folder."""

import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from openviper.conf import settings
from openviper.staticfiles import MissingReferenceError, StaticFilesError, collect_static
from openviper.staticfiles.collect import CollectOptions, collect
from openviper.staticfiles.manifest import load_manifest

if TYPE_CHECKING:
    from tests.unit.staticfiles.conftest import Writer

SITE: dict[str, str | bytes] = {
    "css/site.css": 'body { background: url("../img/lamp.png") }\n' * 20,
    "img/lamp.png": b"\x89PNG" + bytes(100),
    "js/app.js": 'import "./part.js"\n' * 20,
    "js/part.js": "export {}\n" * 20,
}
PLAIN = CollectOptions(hashed=False, compressed=False)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_original_names_stay_beside_hashed_ones(write: "Writer", tmp_path: Path) -> None:
    """A file keeps its relative name and content; the copy of the hashed name stands beside it (C-039a)."""
    source = write("static", SITE)

    collected = collect([source], tmp_path / "out")

    found = files(tmp_path / "out")
    manifest = load_manifest(tmp_path / "out")
    assert manifest is not None
    assert set(manifest.files) == set(SITE)
    assert {name: found[name] for name in SITE} == files(source)
    assert all(hashed in found for hashed in manifest.files.values())
    assert collected.copied == tuple(sorted(SITE))
    assert collected.hashed == len(SITE)


def test_hashed_copies_refer_to_hashed_copies(write: "Writer", tmp_path: Path) -> None:
    """In the copy of a style sheet or script every reference is to a hashed name, in the original to the own one."""
    collect([write("static", SITE)], tmp_path / "out")

    manifest = load_manifest(tmp_path / "out")
    assert manifest is not None
    found = files(tmp_path / "out")
    picture, part = (manifest.files[name].rpartition("/")[2] for name in ("img/lamp.png", "js/part.js"))
    assert f'url("../img/{picture}")'.encode() in found[manifest.files["css/site.css"]]
    assert f'import "./{part}"'.encode() in found[manifest.files["js/app.js"]]
    assert b'url("../img/lamp.png")' in found["css/site.css"]


def test_compressed_copies_hold_the_same(write: "Writer", tmp_path: Path) -> None:
    """Style sheets and scripts have one under both names, with the time of the file; pictures have none."""
    collect([write("static", SITE)], tmp_path / "out")

    found = files(tmp_path / "out")
    assert gzip.decompress(found["css/site.css.gz"]) == found["css/site.css"]
    hashed = next(name for name in found if name.startswith("css/site.") and name.count(".") == 2 and len(name) > 20)
    assert gzip.decompress(found[f"{hashed}.gz"]) == found[hashed]
    assert "img/lamp.png.gz" not in found
    stamps = [(tmp_path / "out" / name).stat().st_mtime_ns for name in ("css/site.css", "css/site.css.gz")]
    assert stamps[0] == stamps[1]


def test_second_run_takes_what_has_changed(write: "Writer", tmp_path: Path) -> None:
    """A changed file is taken even if its size and time are the same, with its compressed copies (C-039a)."""
    source = write("static", SITE)
    collect([source], tmp_path / "out")
    before = (source / "js/part.js").stat()
    write("static", {"js/part.js": "export []\n" * 20})
    os.utime(source / "js/part.js", ns=(before.st_atime_ns, before.st_mtime_ns))

    collected = collect([source], tmp_path / "out")

    assert collected.copied == ("js/part.js",)
    assert collected.unchanged == 3
    found = files(tmp_path / "out")
    assert found["js/part.js"] == b"export []\n" * 20
    assert gzip.decompress(found["js/part.js.gz"]) == found["js/part.js"]
    manifest = load_manifest(tmp_path / "out")
    assert manifest is not None
    assert found[manifest.files["js/part.js"]] == found["js/part.js"]


def test_run_without_a_change_writes_nothing(write: "Writer", tmp_path: Path) -> None:
    """Every file stays the one that it was, compressed copies and the list included."""
    source = write("static", SITE)
    collect([source], tmp_path / "out")
    before = {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")}

    collected = collect([source], tmp_path / "out")

    assert (collected.copied, collected.unchanged, collected.compressed) == ((), 4, 0)
    assert {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")} == before


def test_stale_compressed_copy_goes(write: "Writer", tmp_path: Path) -> None:
    """A file that is changed and not compressed any more leaves no copy of its earlier content."""
    source = write("static", {"a.css": "a{}" * 100})
    collect([source], tmp_path / "out", CollectOptions(hashed=False))
    write("static", {"a.css": "b{}" * 100})

    collect([source], tmp_path / "out", PLAIN)

    assert list(files(tmp_path / "out")) == ["a.css"]


def test_compressed_copies_of_the_project_are_kept(write: "Writer", tmp_path: Path) -> None:
    """What a bundler has compressed is copied, not made again."""
    collect([write("static", {"a.css": "a{}" * 100, "a.css.gz": b"its own"})], tmp_path / "out")

    assert files(tmp_path / "out")["a.css.gz"] == b"its own"


def test_first_folder_wins(write: "Writer", tmp_path: Path) -> None:
    """Of two files with one name that of the first folder is taken, and the other one is reported."""
    first, second = write("first", {"a.css": "1"}), write("second", {"a.css": "2", "b.css": "2"})

    collected = collect([first, second, tmp_path / "missing"], tmp_path / "out", PLAIN)

    assert files(tmp_path / "out") == {"a.css": b"1", "b.css": b"2"}
    assert collected.scan.shadowed == [second / "a.css"]


def test_clearing_leaves_nothing_else(write: "Writer", tmp_path: Path) -> None:
    """Files of earlier runs and of others go, and what was tampered with is written anew."""
    source = write("static", SITE)
    collect([source], tmp_path / "out")
    write("static", {"js/part.js": "export {1}\n" * 20})
    collect([source], tmp_path / "out")
    write("out", {"old/deep/a.css": "", ".htaccess": "", "js/app.js.gz": "not it"})
    planned = collect([source], tmp_path / "out", CollectOptions(clear=True, dry_run=True))

    collected = collect([source], tmp_path / "out", CollectOptions(clear=True))

    collect([source], tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")
    assert not (tmp_path / "out/old").exists()
    assert collected.removed == planned.removed
    assert ".htaccess" in collected.removed
    assert len(collected.copied) == len(SITE)


def test_without_clearing_the_rest_stays(write: "Writer", tmp_path: Path) -> None:
    """Hashed copies of the release before are still asked for by pages in caches."""
    source = write("static", {"a.css": "1"})
    collect([source], tmp_path / "out")
    earlier = set(files(tmp_path / "out"))
    write("static", {"a.css": "2"})

    collect([source], tmp_path / "out")

    assert earlier < set(files(tmp_path / "out"))


def test_dry_run_touches_nothing(write: "Writer", tmp_path: Path) -> None:
    """It tells what a run would do, and does nothing."""
    source = write("static", SITE)

    collected = collect([source], tmp_path / "out", CollectOptions(dry_run=True))

    assert collected.copied == tuple(sorted(SITE))
    assert not (tmp_path / "out").exists()


def test_reference_to_nothing_is_an_error(write: "Writer", tmp_path: Path) -> None:
    """File, line and target are named, and nothing is written; a lenient run leaves the reference as it is."""
    source = write("static", {"css/a.css": "x{}\ny{b:url(../no.png)}"})

    with pytest.raises(MissingReferenceError, match=r"a\.css, line 2: '\.\./no\.png' leads to 'no\.png'") as caught:
        collect([source], tmp_path / "out")
    assert (caught.value.line, caught.value.target) == (2, "no.png")
    assert not (tmp_path / "out").exists()

    collect([source], tmp_path / "out", CollectOptions(lenient=True))
    manifest = load_manifest(tmp_path / "out")
    assert manifest is not None
    assert files(tmp_path / "out")[manifest.files["css/a.css"]] == b"x{}\ny{b:url(../no.png)}"


def test_missing_source_map_is_no_error(write: "Writer", tmp_path: Path) -> None:
    """Libraries are often copied without theirs, and only tools of developers ask for it."""
    collect([write("static", {"a.js": "1\n//# sourceMappingURL=a.js.map"})], tmp_path / "out")

    assert (tmp_path / "out/a.js").exists()


def test_run_without_hashes_removes_the_list(write: "Writer", tmp_path: Path) -> None:
    """Or templates would name copies of an earlier content."""
    source = write("static", {"a.css": "1"})
    collect([source], tmp_path / "out")

    collect([source], tmp_path / "out", PLAIN)

    assert load_manifest(tmp_path / "out") is None


def test_file_where_a_folder_is_needed(write: "Writer", tmp_path: Path) -> None:
    """No folder can hold both names."""
    first, second = write("first", {"a": "1"}), write("second", {"a/b.css": "2"})

    with pytest.raises(StaticFilesError, match="needs a folder"):
        collect([first, second], tmp_path / "out")


def test_name_of_the_list_is_taken(write: "Writer", tmp_path: Path) -> None:
    """A static file cannot be called like the list of hashed names."""
    with pytest.raises(StaticFilesError, match="rename it"):
        collect([write("static", {"staticfiles.json": ""})], tmp_path / "out")


def test_unreadable_place_is_named(write: "Writer", tmp_path: Path) -> None:
    """What the system refuses is an error of one line, with the path."""
    source = write("static", {"a" * 250: ""})

    with pytest.raises(StaticFilesError, match=r"cannot read or write .*aaa"):
        collect([source], tmp_path / "out")


def test_destination_inside_a_source_is_passed_over(write: "Writer", tmp_path: Path) -> None:
    """A second run does not collect what the first has collected."""
    source = write("static", {"a.css": "1"})
    collect([source], source / "out", PLAIN)

    collected = collect([source], source / "out", PLAIN)

    assert list(collected.scan.files) == ["a.css"]
    assert files(source) == {"a.css": b"1", "out/a.css": b"1"}


def test_runs_at_one_time_end_with_the_same_files(write: "Writer", tmp_path: Path) -> None:
    """Two deployments into one folder leave what one would, and no draft."""
    source = write("static", SITE)
    collect([source], tmp_path / "fresh")

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(collect, [source], tmp_path / "out") for _ in range(4)]
        assert all(run.result().hashed == len(SITE) for run in runs)

    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def test_function_adds_the_apps_and_counts(write: "Writer", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``collect_static`` takes the folders of the installed apps too and counts all files (C-029)."""
    write("", {"lamps/__init__.py": "", "lamps/static/lamps/lamp.css": "1", "assets/site.css": "2"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    settings.configure(INSTALLED_APPS=("lamps",))

    assert collect_static(["assets"], "out") == 2
    assert collect_static(["assets"], "out", clear=True) == 2

    assert {"lamps/lamp.css", "site.css"} < set(files(tmp_path / "out"))
