"""The search for newer interpreters, on which the build relies."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT

SCRIPT = ROOT / ".ci" / "newer_pythons.py"


def found(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, timeout=60, env=environment, check=True
    )


def interpreter(path: Path, says: str, status: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(0o755)


def test_every_newer_release_is_found_once(tmp_path: Path) -> None:
    """PATH is asked before pyenv; shims that do not run, other implementations and previews are passed over."""
    newer = [f"3.{sys.version_info.minor + step}" for step in range(1, 5)]
    interpreter(tmp_path / "bin" / f"python{newer[0]}", f"CPython final {newer[0]} /first")
    interpreter(tmp_path / "bin" / f"python{newer[1]}", "pyenv: command not found", status=127)
    interpreter(tmp_path / "bin" / f"python{newer[2]}", f"PyPy final {newer[2]} /pypy")
    interpreter(tmp_path / "bin" / f"python{newer[3]}", f"CPython alpha {newer[3]} /preview")
    interpreter(
        tmp_path / "pyenv" / "versions" / "a" / "bin" / f"python{newer[0]}", f"CPython final {newer[0]} /second"
    )
    interpreter(tmp_path / "pyenv" / "versions" / "b" / "bin" / f"python{newer[1]}", f"CPython final {newer[1]} /third")

    answer = found({"PATH": f"{tmp_path / 'bin'}{os.pathsep}/bin", "PYENV_ROOT": str(tmp_path / "pyenv")})

    assert answer.stdout.splitlines() == [f"{newer[0]} /first", f"{newer[1]} /third"]


def test_machine_without_one_says_so(tmp_path: Path) -> None:
    """Nothing newer is no error: the build goes on, and says why it ran on one version only."""
    answer = found({"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)})
    assert answer.stdout == ""
    assert "no CPython newer than" in answer.stderr
