"""The metadata of the distribution."""

import importlib.metadata
import re
import tomllib

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
