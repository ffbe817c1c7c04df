"""Windows as SQL, for engines that are here and for those that are not."""

import pytest

from openviper.db.compiler.windows import holds_window, windows_of
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.statements import make_models, sql_of

ENGINES = ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"]
ORDER = (d.Order(d.Column("title"), descending=True),)
RANK = d.Window(d.Call("rank", ()), (d.Column("author"),), ORDER)


def test_a_window_has_its_clauses() -> None:
    """Partition, order and frame stand in this order."""
    _, book = make_models()
    frame = d.Frame("rows", -2, None)
    window = d.Window(d.Aggregate("count", None), (d.Column("author"),), ORDER, frame)
    assert sql_of(d.Query(book, "flat", annotations=(("n", window),), columns=("n",), order=())) == (
        "SELECT count(*) OVER (PARTITION BY book.author_id ORDER BY book.title DESC "
        "ROWS BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING) AS _a0 FROM book"
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag"])
def test_every_engine_has_the_functions(engine: str, name: str) -> None:
    """With bound values where they take some."""
    _, book = make_models()
    number = d.Param(0, Storage(kind=FieldKind.INTEGER))
    arguments: tuple[d.Expression, ...] = {"lag": (d.Column("title"), number), "ntile": (number,)}.get(name, ())
    window = d.Window(d.Call(name, arguments), (), ORDER)
    text = sql_of(d.Query(book, "flat", annotations=(("n", window),), columns=("n",), order=()), engine)
    assert f"{name}(" in text
    assert ") OVER (ORDER BY book.title DESC)" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_filtered_windows_stand_in_a_table_of_their_own(engine: str) -> None:
    """It is joined by the key; the other conditions are met in it, and once."""
    _, book = make_models()
    where = (d.Lookup("n", 0), d.Lookup("title", 1))
    query = d.Query(book, "flat", where, annotations=(("n", RANK),), columns=("n",), order=())
    text = sql_of(query, engine)
    assert text.count(" OVER (") == 1
    assert text.count("book.title = ") == 1
    assert "._w0 = " in text.replace('"', "")
    assert sql_of(query._replace(mode="count", columns=None), engine).count(" OVER (") == 1


def test_which_annotations_are_windows() -> None:
    """Those that have one, and those that are computed of such; what a subquery has is its own."""
    _, book = make_models()
    inner = d.Query(book, annotations=(("r", RANK),))
    query = d.Query(
        book,
        annotations=(
            ("r", RANK),
            ("twice", d.Operation("+", d.Column("r"), d.Column("r"))),
            ("plain", d.Column("title")),
            ("other", d.Exists(inner, 0)),
        ),
    )
    assert windows_of(query) == {"r", "twice"}
    assert not holds_window(d.Exists(inner, 0), set())
    assert holds_window(d.Exists(d.Query(book, where=(d.Lookup("pk", d.OuterColumn("r")),)), 0), {"r"})


def test_windows_have_no_place_in_conditions() -> None:
    """They are annotations first."""
    _, book = make_models()
    with pytest.raises(FieldError, match="filter by its name"):
        sql_of(d.Query(book, where=(d.Lookup("id", RANK),)))
