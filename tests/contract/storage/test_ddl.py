"""Tables of models, made and dropped on each engine; as text where there is none to try them on."""

from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

import pytest

from openviper.db.dialects.engines import ENGINES, get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError
from openviper.db.fields.base import FieldKind
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.schema.creation import Session, create_tables, drop_tables
from openviper.db.schema.ddl import create_statements, drop_statements
from openviper.db.schema.table import schema_of
from tests.contract.storage.models import make_models, make_partial
from tests.contract.storage.stores import Store

SNAPSHOTS: Final = Path(__file__).parent / "ddl"
TABLES: Final = {"shop_tag", "shop_book", "shop_author"}
T = TypeVar("T")


class Link:
    """What the functions under test need of a connection; nothing in it waits."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def fetch(self, sql: str, args: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.store.fetch(sql, *args)

    async def execute(self, sql: str, args: Sequence[object] = ()) -> int:
        self.store.send(sql, [args])
        return 0


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits, as the engines have loops of their own."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return cast("T", ended.value)
    raise AssertionError("it waits for something")


@pytest.fixture
def models() -> Iterator[dict[str, Options]]:
    with registry.isolated():
        yield make_models()


@pytest.fixture
def made(store: Store, models: dict[str, Options]) -> Iterator[Store]:
    """An engine with the tables of all models."""
    run(create_tables(link(store), models.values(), store.dialect))
    yield store
    run(drop_tables(link(store), models.values(), store.dialect))


def link(store: Store) -> Session:
    return Link(store)


def add_book(store: Store, number: int, **values: object) -> None:
    """Add a book; a price is a number of cents where decimals are such."""
    scale = store.dialect.form(Storage(kind=FieldKind.DECIMAL, max_digits=8, decimal_places=2)).scale
    row: dict[str, object] = {"id": number, "author_id": 1, "title": f"book {number}", "price": 9, "percent": ""}
    row |= values
    row["price"] = round(cast("float", row["price"]) * 10**scale) if scale else row["price"]
    group = "`order`" if store.name == "mariadb" else '"order"'
    names = ", ".join([*row, group])
    store.send(f"INSERT INTO shop_book ({names}) VALUES ({', '.join('?' * (len(row) + 1))})", [[*row.values(), 0]])


def test_tables_are_made_and_dropped(store: Store, models: dict[str, Options]) -> None:
    """Making names what was missing, whatever refers to what, and does nothing the second time; dropping likewise."""
    assert set(run(create_tables(link(store), models.values(), store.dialect))) == TABLES
    assert run(create_tables(link(store), models.values(), store.dialect)) == []
    assert set(run(drop_tables(link(store), models.values(), store.dialect))) == TABLES
    assert run(drop_tables(link(store), models.values(), store.dialect)) == []


def test_missing_table_is_added_to_the_others(store: Store, models: dict[str, Options]) -> None:
    """A reference to a table that is there already is made as any other."""
    without_tag = [one for name, one in models.items() if name != "Tag"]
    run(create_tables(link(store), without_tag, store.dialect))
    assert run(create_tables(link(store), models.values(), store.dialect)) == ["shop_tag"]
    run(drop_tables(link(store), models.values(), store.dialect))


def test_tables_with_rows_in_a_circle_are_dropped(store: Store, models: dict[str, Options]) -> None:
    """Rows that refer to each other keep no table."""
    run(create_tables(link(store), models.values(), store.dialect))
    store.send("INSERT INTO shop_author (id, name) VALUES (1, 'a')", [()])
    add_book(store, 1)
    store.send("UPDATE shop_author SET first_book_id = 1", [()])
    store.send("INSERT INTO shop_tag VALUES (?, 'x', 1)", [[uuid4() if store.name == "postgresql" else uuid4().bytes]])
    store.send("BEGIN", [()])
    assert set(run(drop_tables(link(store), models.values(), store.dialect))) == TABLES
    store.send("COMMIT", [()])


def test_engine_makes_the_key(made: Store) -> None:
    """A row without a key gets one."""
    made.send("INSERT INTO shop_author (name) VALUES (?)", [["a"], ["b"]])
    assert made.fetch("SELECT id FROM shop_author ORDER BY id") == [(1,), (2,)]


def test_key_is_not_given_out_twice(made: Store) -> None:
    """The key of a deleted row is not that of a new one."""
    made.send("INSERT INTO shop_author (name) VALUES (?)", [["a"], ["b"]])
    made.send("DELETE FROM shop_author WHERE name = 'b'", [()])
    made.send("INSERT INTO shop_author (name) VALUES ('c')", [()])
    assert made.fetch("SELECT id FROM shop_author ORDER BY id") == [(1,), (3,)]


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"author_id": 7}, "fk_shop_book_author_id"),
        ({"sequel_of_id": 7}, "fk_shop_book_sequel_of_id"),
        ({"price": 0.25}, "shop_price"),
        ({"percent": "5%"}, "shop_percent"),
        ({"title": "book 1"}, "uq_shop_book_author_id_title"),
        ({"isbn": "123"}, "uq_shop_book_isbn"),
        ({"title": None}, "title"),
    ],
)
def test_constraint_refuses_a_row(made: Store, values: dict[str, object], constraint: str) -> None:
    """What the model says of its rows is kept by the engine, under the names that the model gives."""
    made.send("INSERT INTO shop_author (id, name) VALUES (1, 'a')", [()])
    add_book(made, 1, isbn="123")
    with pytest.raises(Exception) as caught:  # each driver has errors of its own
        add_book(made, 2, **values)
    # SQLite names columns in place of constraints, and none for a foreign key.
    if made.name != "sqlite":
        assert constraint in str(caught.value)


def test_price_of_a_check_is_what_it_reads_as(made: Store) -> None:
    """The least price that a check allows passes, however the engine stores decimals."""
    made.send("INSERT INTO shop_author (id, name) VALUES (1, 'a')", [()])
    add_book(made, 1, price=0.5)
    assert len(made.fetch("SELECT id FROM shop_book")) == 1


def test_null_is_unique_as_often_as_it_comes(made: Store) -> None:
    """Rows without a value do not stand in each other's way."""
    made.send("INSERT INTO shop_author (id, name) VALUES (1, 'a')", [()])
    add_book(made, 1, isbn=None)
    add_book(made, 2, isbn=None)
    assert len(made.fetch("SELECT id FROM shop_book")) == 2


def test_engine_follows_the_rule_of_a_reference(made: Store) -> None:
    """CASCADE deletes, SET_NULL empties, and every other rule keeps the row that is referred to."""
    made.send("INSERT INTO shop_author (id, name) VALUES (?, ?)", [[1, "a"], [2, "b"]])
    add_book(made, 1)
    add_book(made, 2, author_id=2, sequel_of_id=1)
    made.send("UPDATE shop_author SET first_book_id = 2", [()])
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        made.send("DELETE FROM shop_book WHERE id = 1", [()])
    made.send("DELETE FROM shop_book WHERE id = 2", [()])
    assert made.fetch("SELECT first_book_id FROM shop_author WHERE id = 1") == [(None,)]
    made.send("DELETE FROM shop_author WHERE id = 1", [()])
    assert made.fetch("SELECT id FROM shop_book") == []


def test_index_is_unique_among_some_rows(store: Store) -> None:
    """A condition limits uniqueness to the rows that meet it; an engine without such indexes says so."""
    with registry.isolated():
        options = make_partial()
    if not store.dialect.features.partial_indexes:
        with pytest.raises(DatabaseOperationNotSupportedError, match="one_sitter"):
            create_statements([schema_of(options)], store.dialect)
        return
    run(create_tables(link(store), [options], store.dialect))
    insert = "INSERT INTO shop_seat (number, left_at) VALUES (1, %s)"
    store.send(insert % "CURRENT_TIMESTAMP", [()])
    store.send(insert % "CURRENT_TIMESTAMP", [()])
    store.send(insert % "NULL", [()])
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.send(insert % "NULL", [()])
    run(drop_tables(link(store), [options], store.dialect))


@pytest.mark.parametrize("engine", ENGINES)
def test_text_is_as_it_was_read(engine: str, models: dict[str, Options]) -> None:
    """The statements are those of the snapshot, which people have read; write it anew by ``python -m`` of this file."""
    assert write_ddl(engine, models) == (SNAPSHOTS / f"{engine}.sql").read_text()


def write_ddl(engine: str, models: dict[str, Options]) -> str:
    schemas = [schema_of(one) for one in models.values()]
    dialect = get_dialect(engine)
    statements = [*create_statements(schemas, dialect), *drop_statements(schemas, dialect)]
    return "".join(f"{statement};\n" for statement in statements)


if __name__ == "__main__":
    for name in ENGINES:
        with registry.isolated():
            (SNAPSHOTS / f"{name}.sql").write_text(write_ddl(name, make_models()))
