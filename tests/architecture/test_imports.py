"""What imports what: the floors of the house, the optional packages, and how little a start loads."""

import json
import os
import subprocess
import sys

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import ROOT

OPTIONAL = [
    "IPython", "PIL", "aiomcache", "asyncmy", "asyncpg", "brotli", "granian", "isal", "obstore",
    "opentelemetry", "oracledb", "pydantic", "pyodbc", "redis", "taskiq", "zstandard",
]  # fmt: skip
# A start opens none of these, whether they are installed or not.
HEAVY = [*OPTIONAL, "argparse", "dotenv", "importlib.metadata", "jinja2", "pytest", "rich", "sqlalchemy", "starlette"]
HEAVY += ["uvicorn"]
# Rooms that only some projects use.
HEAVY += [
    "openviper.http.permissions",
    "openviper.http.throttles",
    "openviper.http.views",
    "openviper.routing.wrapping",
]

MOST_MODULES = 250
# What models add to a start: 58 modules of ours on Python 3.11, with `objects` and `atomic`; what compiles queries and
# stores rows is loaded by the first of them.
MOST_MODULES_OF_MODELS = 62
# `--help` may take 150 ms of CPU; 280 modules, most of them small ones of ours, took 83 ms on a slow machine.
MOST_MODULES_OF_HELP = 300

IMPORT_ALL = f"""
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
import openviper
count = 0
for module in pkgutil.walk_packages(openviper.__path__, "openviper."):
    # Running the program is what its __main__ is for.
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        count += 1
print(count)
"""

ONE_ROUTE = """
from openviper import OpenViper

app = OpenViper()

@app.get("/")
async def home() -> dict[str, str]:
    return {"hello": "world"}
"""

FIFTY_MODELS = """
import sys
import openviper
before = len(sys.modules)
from openviper.db import Model, fields

for number in range(50):
    body = {"__module__": "shop.models", **{f"field_{one}": fields.CharField() for one in range(10)}}
    model = type(Model)(f"Model{number}", (Model,), body)
model(field_1="x").full_clean(exclude=[f"field_{one}" for one in range(10)])
added = len(sys.modules) - before
"""

HELP = """
import contextlib, io, sys
from openviper.cli.main import main

with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
"""


def run(code: str) -> str:
    """Run code in an interpreter of its own, in an environment that measures nothing, and give what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "OPENVIPER"))}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_after(code: str) -> list[str]:
    loaded: list[str] = json.loads(run(f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"))
    return loaded


def test_floors_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Every contract of import-linter in pyproject.toml holds."""
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_every_module_imports_without_optional_packages() -> None:
    """An optional package is asked for when its part is built, never when a module is imported."""
    assert int(run(IMPORT_ALL)) > 10


@pytest.mark.parametrize("name", ["redis", "asyncpg.pool"])
def test_blocked_package_cannot_be_imported(name: str) -> None:
    """The blocking itself works; else the test above would prove nothing."""
    with pytest.raises(AssertionError, match="ModuleNotFoundError"):
        run(IMPORT_ALL.replace("import openviper\n", f"import {name}\n"))


def test_start_of_an_app_is_light() -> None:
    """An app with one route loads at most 250 modules, and nothing that it does not use."""
    loaded = modules_after(ONE_ROUTE)
    assert [name for name in HEAVY if name in loaded] == []
    assert len(loaded) <= MOST_MODULES


def test_models_are_light() -> None:
    """Declaring models and making instances loads no SQLAlchemy, driver, zones or cryptography (C-011u, A-65)."""
    loaded = run(f"{FIFTY_MODELS}\nimport json\nprint(json.dumps([added, sorted(sys.modules)]))")
    added, names = json.loads(loaded)
    drivers = [f"openviper.db.backends.{name}" for name in ("pool", "postgresql", "sqlite")]
    heavy = [*HEAVY, *drivers, "sqlite3", "zoneinfo", "hashlib"]
    assert [name for name in heavy if name in names] == []
    assert added <= MOST_MODULES_OF_MODELS


def test_help_of_the_program_is_light() -> None:
    """``openviper --help`` loads no server and nothing that only other commands need."""
    loaded = modules_after(HELP)
    assert [name for name in HEAVY if name in loaded and name != "argparse"] == []
    assert len(loaded) <= MOST_MODULES_OF_HELP
