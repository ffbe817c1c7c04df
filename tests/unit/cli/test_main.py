"""The ``openviper`` command."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from openviper import __version__
from openviper.cli.main import main

SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_overview_names_every_command(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """Without words, and on demand, the commands are listed, exit code 0 (C-020)."""
    assert main(words) == 0

    shown = capsys.readouterr().out
    for name in ("create-project", "create-app", "run", "viperctl", "version"):
        assert f"\n  {name} " in shown


@pytest.mark.parametrize("word", ["version", "--version"])
def test_version_is_one_line(capsys: pytest.CaptureFixture[str], word: str) -> None:
    """``openviper version`` and ``openviper --version`` print the version (C-013)."""
    assert main([word]) == 0
    assert capsys.readouterr().out == f"OpenViper {__version__}\n"


@pytest.mark.parametrize("name", ["create-project", "create-app", "run"])
def test_help_of_a_command(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Each command explains its arguments, exit code 0 (C-035)."""
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: openviper {name} ")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["create-projetc"], 1, "unknown command 'create-projetc' (did you mean 'create-project'?)"),
        (["migrte"], 1, "unknown command 'migrte' (see: openviper --help)"),
        (["shell"], 1, "'shell' is a command of a project; write: openviper viperctl shell"),
        (["--versoin"], 2, "unknown option --versoin (did you mean '--version'?)"),
        (["create-project"], 2, "the following arguments are required: name"),
        (["create-project", "a-b"], 1, "'a-b' is no Python identifier"),
        (["create-app", "2nd"], 1, "'2nd' is no Python identifier"),
        (["run"], 2, "the following arguments are required: target"),
        (["run", "app", "--prot", "1"], 2, "unknown option --prot (did you mean '--port'?)"),
        (["run", "no such", "--port", "0"], 1, "no such"),
    ],
)
def test_wrong_line_is_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    """What cannot be done is one message on stderr and an exit code, and nothing is left behind."""
    assert main(words) == code

    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert list(folder.iterdir()) == []


def test_project_is_created_where_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A project is a folder of its name, in the working directory or another one; the next step is told (C-020)."""
    assert main(["create-project", "shop_site"]) == 0
    assert "  cd shop_site\n" in capsys.readouterr().out
    assert main(["create-project", "-d", "sites", "shop_site"]) == 0

    assert (folder / "shop_site" / "viperctl.py").is_file()
    assert (folder / "sites" / "shop_site" / "shop_site" / "settings.py").is_file()
    assert main(["create-project", "shop_site"]) == 1
    assert "already exists" in capsys.readouterr().err


def test_next_step_can_be_pasted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with a space in its name is quoted where the next step is told."""
    main(["create-project", "shop_site", "-d", "my sites"])

    assert "  cd 'my sites/shop_site'\n" in capsys.readouterr().out


def test_flat_project_is_created_on_demand(folder: Path) -> None:
    """``--flat`` puts the modules beside the script (C-021)."""
    assert main(["create-project", "shop_site", "--flat"]) == 0

    assert (folder / "shop_site" / "settings.py").is_file()
    assert not (folder / "shop_site" / "shop_site").exists()


def test_app_is_created_where_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``openviper create-app`` works without a project and takes the options of the project's command (C-020)."""
    assert main(["create-app", "catalogue", "--directory", "apps"]) == 0

    assert (folder / "apps" / "catalogue" / "models.py").is_file()
    assert str(folder / "apps" / "catalogue") in capsys.readouterr().out


def spawn(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=SECONDS, check=False)


def test_module_and_script_are_one_program(folder: Path) -> None:
    """``python -m openviper`` equals ``openviper`` (A-68, C-020)."""
    script = shutil.which("openviper", path=sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", ""))
    assert script is not None

    by_script = spawn([script, "viperctl", "help"], folder)
    by_module = spawn([sys.executable, "-m", "openviper", "viperctl", "help"], folder)

    assert by_script.returncode == by_module.returncode == 0
    assert by_script.stdout == by_module.stdout
    assert by_script.stdout.startswith("usage: openviper viperctl [--settings MODULE]")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("line", "code"), [("--version", 0), ("viperctl help", 0), ("viperctl check", 0), ("nothing", 1)]
)
def test_closed_streams_are_no_fault(folder: Path, closed: str, line: str, code: int) -> None:
    """A process without stdin, stdout or stderr does its work and says nothing there."""
    done = spawn(["/bin/sh", "-c", f'"$0" -m openviper {line} {closed}', sys.executable], folder)

    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ["viperctl help", "create-project shop", "create-app blog", "run app"])
def test_working_directory_that_is_gone_is_one_message(folder: Path, line: str) -> None:
    """A deleted working directory is told in one line; what needs none, such as ``--version``, still works."""
    gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" -m openviper'

    done = spawn(["/bin/sh", "-c", f"{gone} {line}", sys.executable], folder)

    assert done.returncode == 1
    assert done.stderr.startswith("the working directory is gone (No such file or directory); change to another one\n")
    assert "Traceback" not in done.stderr
    assert spawn(["/bin/sh", "-c", f"{gone} --version", sys.executable], folder).returncode == 0


def test_created_project_runs_its_commands(folder: Path) -> None:
    """A new project answers to the examples as they are written, through both entry points (C-022, C-033)."""
    main(["create-project", "shop_site"])
    root = folder / "shop_site"

    by_script = spawn([sys.executable, "viperctl.py", "check"], root)
    by_command = spawn(
        [sys.executable, "-m", "openviper", "viperctl", "--settings", "shop_site.settings", "check", "."], root
    )
    shell = subprocess.run(
        [sys.executable, "-m", "openviper", "viperctl", "shell"],
        input="print(settings.PROJECT_NAME)",
        capture_output=True,
        text=True,
        cwd=root,
        timeout=SECONDS,
        check=False,
    )

    assert (by_script.returncode, by_script.stdout) == (0, "No problems found.\n")
    assert (by_command.returncode, by_command.stdout) == (0, "No problems found.\n")
    assert (shell.returncode, shell.stdout) == (0, "shop_site\n")
