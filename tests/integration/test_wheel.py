"""The distribution, built and installed where nothing else is."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import openviper
from tests.integration.processes import run

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, built from the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    subprocess.run(
        [sys.executable, "-m", "build", *isolation, "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def test_wheel_carries_every_template(dist: Path) -> None:
    """What new projects and apps are made from travels with the code, as does the mark that it is typed."""
    (wheel,) = dist.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())

    templates = ROOT / "openviper" / "management" / "templates"
    expected = {str(path.relative_to(ROOT)) for path in templates.rglob("*-tpl")}
    assert len(expected) > 20
    assert expected | {"openviper/py.typed"} <= packed
    assert not [name for name in packed if name.startswith(("tests/", "docs/", "examples/"))]


def test_source_distribution_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    """The archive has the package, the licence and the readme."""
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}

    assert {"LICENSE", "README.md", "pyproject.toml", "openviper/__init__.py"} <= names


def test_installed_wheel_makes_a_project_that_works(dist: Path, tmp_path: Path) -> None:
    """In an empty environment the wheel and its dependencies start a project, and the versions agree (C-013)."""
    (wheel,) = dist.glob("*.whl")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http", "no_proxy"))}
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", wheel],
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(tmp_path)), **pip},
        timeout=600,
    )
    command = str(environment / "bin" / "openviper")

    told = run([command, "--version"], tmp_path)
    made = run([command, "create-project", "shop"], tmp_path)
    checked = run([str(python), "viperctl.py", "check"], tmp_path / "shop")
    routes = run([command, "viperctl", "routes"], tmp_path / "shop")

    assert told.stdout == f"OpenViper {openviper.__version__}\n"
    assert version("openviper") == openviper.__version__
    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stderr
    assert "home" in routes.stdout
