"""From a command line to a runner and an opened project."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from openviper.core.aliasing import AliasFinder
from openviper.core.flexible_adapter import FlexibleAdapter, bootstrap_and_run, open_project
from openviper.core.project import Surroundings, find_project

Write = Callable[[Mapping[str, str]], Path]


class Recorder:
    """A runner that keeps what it was given."""

    def __init__(self) -> None:
        self.words: Sequence[str] = ()
        self.settings: str | None = None
        self.folder: Path | None = None
        self.calls = 0

    def __call__(self, argv: Sequence[str], surroundings: Surroundings) -> int:
        self.words, self.settings, self.folder = argv, surroundings.settings_option, surroundings.cwd
        self.calls += 1
        return 7


@pytest.fixture
def restored_path() -> Iterator[None]:
    path, finders = list(sys.path), list(sys.meta_path)
    yield
    sys.path[:], sys.meta_path[:] = path, finders


def test_program_name_is_no_word() -> None:
    """``run(sys.argv)``, ``run(sys.argv[1:])`` and ``run()`` mean the same (A-60, A-54)."""
    recorder = Recorder()

    assert FlexibleAdapter(recorder).run([sys.argv[0], "check"]) == 7
    assert recorder.words == ["check"]
    FlexibleAdapter(recorder).run(["check", "x"])
    assert recorder.words == ["check", "x"]
    FlexibleAdapter(recorder).run()
    assert recorder.words == sys.argv[1:]


@pytest.mark.parametrize(
    ("program", "folder"),
    [
        ("shop/viperctl.py", "shop"),
        ("viperctl-of-shop", "shop"),  # a link to the script
        ("current/viperctl.py", "current"),  # in a link to the folder
        ("shop/../shop/viperctl.py", "shop"),
        ("shop/other.py", "."),
        ("gone/viperctl.py", "."),
    ],
)
def test_folder_of_the_script_is_the_project(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, folder: str
) -> None:
    """The ``viperctl.py`` that runs says where the project is; nothing else about a program does (C-022, A-62)."""
    root = write({"viperctl.py": "", "other.py": ""})
    (tmp_path / "viperctl-of-shop").symlink_to(root / "viperctl.py")
    (tmp_path / "current").symlink_to(root)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [program])
    recorder = Recorder()

    FlexibleAdapter(recorder).run(["check"])

    assert recorder.folder == tmp_path / folder
    assert os.environ["OPENVIPER_PROJECT_DIR"] == str(tmp_path / folder)
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["--settings", "a.b", "check", "--deploy"],
        ["--settings=a.b", "check", "--deploy"],
        ["check", "--settings", "a.b", "--deploy"],
        ["check", "--deploy", "--settings=a.b"],
    ],
)
def test_settings_option_stands_anywhere(words: list[str]) -> None:
    """``--settings`` in both spellings, before or after the command, is taken out of the words (C-020, A-38)."""
    recorder = Recorder()

    bootstrap_and_run(words, runner=recorder)

    assert (recorder.words, recorder.settings) == (["check", "--deploy"], "a.b")


def test_words_behind_the_dashes_are_not_ours() -> None:
    """What follows ``--`` belongs to the command, an option of the same name included."""
    recorder = Recorder()

    bootstrap_and_run(["test", "--", "--settings", "x"], runner=recorder)

    assert (recorder.words, recorder.settings) == (["test", "--", "--settings", "x"], None)


def test_program_without_words_runs_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedding program that gives Python no words at all is no error."""
    monkeypatch.setattr(sys, "argv", [])
    recorder = Recorder()

    assert FlexibleAdapter(recorder).run() == 7
    assert recorder.words == []
    assert FlexibleAdapter(recorder).run(["check"]) == 7
    assert recorder.words == ["check"]


def test_folder_that_is_gone_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a working directory that was deleted nothing can be looked for, and one line says so."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    recorder = Recorder()

    assert bootstrap_and_run(["help"], runner=recorder) == 1

    assert recorder.calls == 0
    assert (
        capsys.readouterr().err == "the working directory is gone (No such file or directory); change to another one\n"
    )


@pytest.mark.parametrize("words", [["check", "--settings"], ["--settings="], ["--settings", "--deploy", "check"]])
def test_settings_option_without_a_module_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A ``--settings`` that names nothing ends with exit code 2 and one line, and runs nothing."""
    recorder = Recorder()

    assert bootstrap_and_run(words, runner=recorder) == 2

    assert recorder.calls == 0
    assert (
        capsys.readouterr().err
        == "--settings needs the dotted name of a module, as in: --settings myproject.settings\n"
    )


def test_default_runner_is_that_of_the_framework(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a runner the framework's commands run (C-012)."""
    assert FlexibleAdapter().run(["version"]) == 0
    assert capsys.readouterr().out.startswith("OpenViper ")


@pytest.mark.usefixtures("restored_path")
def test_opened_project_can_be_imported_and_is_named(write: Write) -> None:
    """Opening puts the root first on the search path, once, and names the settings to the process (C-012, C-037)."""
    root = write({"settings.py": ""})
    environ: dict[str, str] = {}
    project = find_project(root, environ=environ)

    open_project(project, environ)
    sys.path.append(str(root))
    open_project(project, environ)

    assert sys.path[0] == str(root)
    assert sys.path.count(str(root)) == 1
    assert environ == {"OPENVIPER_SETTINGS_MODULE": "settings"}
    assert [finder.label for finder in sys.meta_path if isinstance(finder, AliasFinder)] == ["shop"]


@pytest.mark.usefixtures("restored_path")
def test_opening_changes_neither_folder_nor_directory(write: Write) -> None:
    """Nothing is created in the project, and the working directory stays (C-021)."""
    root = write({"settings.py": "", "models.py": ""})
    before = sorted(root.rglob("*")), Path.cwd(), dict(os.environ)

    open_project(find_project(root, environ={}), {})

    assert (sorted(root.rglob("*")), Path.cwd(), dict(os.environ)) == before


@pytest.mark.usefixtures("restored_path")
def test_project_without_settings_leaves_the_variable_alone(write: Write) -> None:
    """Where no settings are found none are named."""
    environ: dict[str, str] = {}

    open_project(find_project(write({"a.txt": ""}), environ=environ), environ)

    assert environ == {}
