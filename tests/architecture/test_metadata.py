"""The metadata of the distribution, and what a wheel of it carries."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import openviper
from tests.architecture.source import ROOT, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What every installation gets, beside what a project asks for by name.
NO_RUNTIME_EXTRAS = {"all", "dev", "test"}


def requirements() -> list[str]:
    optional: dict[str, list[str]] = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *(line for lines in optional.values() for line in lines)]


def test_distribution_is_named_after_the_package() -> None:
    """The installed distribution ``openviper`` has the version of the package (C-013)."""
    assert importlib.metadata.version("openviper") == openviper.__version__


def test_extra_all_holds_every_runtime_extra() -> None:
    """``openviper[all]`` names every extra that a running project may use (C-013)."""
    (everything,) = PROJECT["optional-dependencies"]["all"]
    named = set(everything.partition("[")[2].removesuffix("]").split(","))
    assert named == set(PROJECT["optional-dependencies"]) - NO_RUNTIME_EXTRAS


def test_version_is_written_once() -> None:
    """Only ``_version.py`` holds the number; the metadata read it from there."""
    assert "version" not in PROJECT
    number = re.compile(rf"(?<![\d.]){re.escape(openviper.__version__)}(?![\d.])")
    files = [*sources("openviper"), *sources("docs", ".ci")]
    assert [source.path for source in files if number.search(source.text)] == ["openviper/_version.py"]


def test_requirements_are_ranges() -> None:
    """A library leaves the choice of versions to the project that uses it."""
    assert [line for line in requirements() if "==" in line or "~=" in line] == []
    assert PROJECT["requires-python"] == ">=3.11"


def test_every_tool_is_configured_in_one_file() -> None:
    """No other configuration file stands beside ``pyproject.toml``."""
    others = ("setup.cfg", "setup.py", "tox.ini", "pytest.ini", "mypy.ini", ".coveragerc", ".importlinter", "ruff.toml")
    assert [name for name in others if (ROOT / name).exists()] == []


@pytest.mark.slow
def test_wheel_carries_every_file_and_runs(tmp_path: Path) -> None:
    """A wheel holds each file of the package, and its program starts in an empty environment."""
    wheel = build_wheel(tmp_path)
    carried = set(zipfile.ZipFile(wheel).namelist())
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "openviper").rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} - carried == set()

    run(sys.executable, "-m", "venv", "empty", folder=tmp_path)
    programs = tmp_path / "empty" / "bin"
    run(programs / "python", "-m", "pip", "--quiet", "install", wheel, folder=tmp_path)
    assert run(programs / "openviper", "version", folder=tmp_path) == f"OpenViper {openviper.__version__}\n"
    run(programs / "openviper", "create-project", "shop", folder=tmp_path)
    run(programs / "python", "viperctl.py", "check", folder=tmp_path / "shop")


def build_wheel(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT, folder=folder)
    (wheel,) = (folder / "dist").glob("openviper-*.whl")
    return wheel


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
