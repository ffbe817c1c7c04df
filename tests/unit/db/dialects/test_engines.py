"""The dialects by name: what they can do, and that asking for them loads nothing heavy."""

import builtins
import sqlite3
import subprocess
import sys
from types import CodeType

import pytest

from openviper.db.dialects.engines import ENGINES, get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.fields.base import FieldKind

ITEM = Storage(kind=FieldKind.DATETIME, null=True)
HEAVY = ("sqlalchemy", "asyncpg", "asyncmy", "oracledb", "pyodbc")


@pytest.mark.parametrize("name", ENGINES)
def test_dialect_is_made_once(name: str) -> None:
    """The same engine with the same setting is the same object, and knows its name."""
    assert get_dialect(name) is get_dialect(name)
    assert get_dialect(name) is not get_dialect(name, use_tz=False)
    assert get_dialect(name).name == name
    assert name in repr(get_dialect(name))


def test_unknown_engine_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(LookupError, match=r"'access'.*sqlite"):
        get_dialect("access")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", FieldKind)
@pytest.mark.parametrize("use_tz", [True, False])
def test_every_kind_has_a_form(name: str, kind: FieldKind, use_tz: bool) -> None:
    """Each kind is stored by each engine, and its form is made once."""
    storage = Storage(kind=kind, max_length=10, max_digits=8, decimal_places=2, item=ITEM)
    dialect = get_dialect(name, use_tz=use_tz)
    assert dialect.form(storage).column_type
    assert dialect.form(storage) is dialect.form(storage)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("kind", FieldKind)
def test_expressions_can_be_compiled(name: str, kind: FieldKind) -> None:
    """What is pasted into generated code is Python, and has all names that it needs."""
    storage = Storage(kind=kind, max_length=10, max_digits=60, decimal_places=2, item=ITEM)
    form = get_dialect(name).form(storage)
    for conversion in (form.bind, form.read):
        if conversion is not None:
            code = compile(conversion.write("value", null=True), name, "eval")
            known = {*conversion.names, *dir(builtins), "value", "_item"}
            assert {one for one in _names(code) if one.startswith("_")} <= known


def _names(code: CodeType) -> set[str]:
    inner = [_names(one) for one in code.co_consts if isinstance(one, CodeType)]
    return {*code.co_names}.union(*inner)


@pytest.mark.parametrize("name", ENGINES)
def test_compiler_counts_parameters_as_the_driver_does(name: str) -> None:
    """SQLAlchemy's dialect is made once, never connected, and writes the placeholders of the driver."""
    dialect = get_dialect(name)
    assert dialect.compiler is dialect.compiler
    assert dialect.compiler.paramstyle == dialect.features.placeholder


def test_dialects_load_neither_sqlalchemy_nor_a_driver() -> None:
    """All dialects and all of their forms, the tables and the schema cost no heavy import."""
    code = (
        "import sys\n"
        "import openviper.db.tables, openviper.db.schema.creation\n"
        "from openviper.db.dialects.engines import ENGINES, get_dialect\n"
        "from openviper.db.dialects.forms import Storage\n"
        "from openviper.db.fields.base import FieldKind\n"
        "for name in ENGINES:\n"
        "    for kind in FieldKind:\n"
        "        item = Storage(kind=FieldKind.INTEGER)\n"
        "        get_dialect(name).form(Storage(kind=kind, max_length=9, max_digits=9, decimal_places=2, item=item))\n"
        "print(*sorted(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert [one for one in loaded if one.partition(".")[0] in HEAVY] == []


def test_sqlite_takes_few_parameters_in_old_versions() -> None:
    """Limits are those of the library that Python was built with."""
    features = get_dialect("sqlite").features
    assert features.max_parameters == (32766 if sqlite3.sqlite_version_info >= (3, 32) else 999)
