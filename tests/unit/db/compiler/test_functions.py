"""Functions: what they take, and what comes of them."""

import pytest

from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.things import NAME, PRICE, RATE, RATIO, SMALL, write


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"])
@pytest.mark.parametrize("unit", ["year", "month", "week", "day"])
def test_every_engine_has_first_days(engine: str, unit: str) -> None:
    """They are days, whatever they were taken of; nothing else has one."""
    text, storage = write(d.Call(f"first of {unit}", (d.Column("at"),)), engine)
    assert storage.kind == FieldKind.DATE
    assert "at" in text
    with pytest.raises(FieldError, match="no day in name"):
        write(d.Call(f"first of {unit}", (NAME,)), engine)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("upper", (SMALL,), "takes texts, and small is smallint"),
        ("length", (PRICE,), "takes texts"),
        ("abs", (NAME,), "takes numbers"),
        ("round", (NAME,), "takes numbers"),
        ("coalesce", (NAME, SMALL), "different kinds"),
        ("year", (NAME,), "takes no year of name"),
        ("cast", (RATIO,), "makes no text"),
    ],
)
def test_functions_refuse_what_they_do_not_take(name: str, arguments: tuple[d.Expression, ...], message: str) -> None:
    """An argument of a wrong kind would mean something else on every engine."""
    with pytest.raises(FieldError, match=message):
        write(d.Call(name, arguments))


@pytest.mark.parametrize(
    ("name", "arguments", "text", "kind"),
    [
        ("upper", (NAME,), "unicode_upper(name)", FieldKind.TEXT),
        ("length", (NAME,), "length(name)", FieldKind.INTEGER),
        ("abs", (PRICE,), "abs(price)", FieldKind.DECIMAL),
        ("greatest", (PRICE, RATE), "max(price * 100, rate)", FieldKind.DECIMAL),
        ("coalesce", (RATIO, d.Null()), "coalesce(ratio, NULL)", FieldKind.FLOAT),
        ("concat", (NAME, NAME), "(coalesce(name, '') || coalesce(name, ''))", FieldKind.TEXT),
        ("round", (SMALL,), "small", FieldKind.SMALLINT),
        ("now", (), "now_text()", FieldKind.DATETIME),
        ("year", (d.Column("at"),), "CAST(substr(substr(at, 1, 26), 1, 4) AS INTEGER)", FieldKind.INTEGER),
    ],
)
def test_functions_are_written_in_the_words_of_the_engine(
    name: str, arguments: tuple[d.Expression, ...], text: str, kind: FieldKind
) -> None:
    """Arguments of one kind are brought to one form, and the result says what it is."""
    written, storage = write(d.Call(name, arguments))
    assert (written, storage.kind) == (text, kind)
