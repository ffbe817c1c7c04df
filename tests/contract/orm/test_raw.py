"""Statements by hand, the text of those that are not, and how a database carries them out."""

import datetime as dt
import gc
import sys
from decimal import Decimal
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import (
    DatabaseOperationNotSupportedError,
    FieldError,
    IntegrityError,
    NotLoadedError,
    QueryError,
    TableNotFound,
    UnreadableValueError,
)
from openviper.db.models import Q
from openviper.db.monitor import max_queries
from tests.contract.orm.models import Author, Book, Everything, Genre, Node, Tag

MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def is_reading(frame: FrameType | None) -> bool:
    """Tell whether a function that makes results of rows is under way; they are written at run time."""
    return frame is not None and (frame.f_code.co_filename.startswith("<rows") or is_reading(frame.f_back))


async def make_books() -> Author:
    author = await Author.objects.create(name="Ann")
    await Book.objects.bulk_create(
        [Book(author=author, title=f"t{number}", price=Decimal(number), genre=Genre.POETRY) for number in range(4)]
    )
    return author


async def test_rows_become_instances(database: Database) -> None:
    """Columns are the fields that they store, converted as in every query."""
    author = await make_books()

    async with max_queries(1):
        found = await Book.objects.raw(
            "SELECT * FROM orm_book WHERE author_id = :author AND title <> :title ORDER BY id",
            author=author.id,
            title="t0",
        )

    assert [book.title for book in found] == ["t1", "t2", "t3"]
    assert found[0].price == Decimal("1.00")
    assert found[0].genre is Genre.POETRY
    assert found[0].active is True
    assert not found[0].has_changed
    found[0].title = "new"
    assert found[0].changed_fields() == ("title",)
    await found[0].save()
    assert await Book.objects.filter(title="new").count() == 1


async def test_columns_that_are_no_fields(database: Database) -> None:
    """They become attributes, and fields without a column are not loaded."""
    _ = await make_books()

    found: list[Any] = await Author.objects.raw(
        "SELECT a.id, COUNT(*) AS number FROM orm_author a JOIN orm_book b ON b.author_id = a.id GROUP BY a.id"
    )

    assert found[0].number == 4
    with pytest.raises(NotLoadedError):
        _ = found[0].name
    assert (await found[0]).name == "Ann"


async def test_rows_become_dicts(database: Database) -> None:
    """values() needs no key, takes any name of a column, and converts what is a field."""
    _ = await make_books()

    rows = await Book.objects.raw(
        "SELECT price, active, COUNT(*) FROM orm_book WHERE title = :t GROUP BY 1, 2", t="t2"
    ).values()

    assert list(rows[0].values()) == [Decimal("2.00"), True, 1]
    assert (rows[0]["price"], rows[0]["active"]) == (Decimal("2.00"), True)


async def test_rows_one_after_the_other(database: Database) -> None:
    """Async for reads them too."""
    _ = await make_books()

    assert [book.title async for book in Book.objects.raw("SELECT * FROM orm_book ORDER BY title")] == [
        "t0",
        "t1",
        "t2",
        "t3",
    ]
    assert await Book.objects.raw("SELECT * FROM orm_book WHERE id = :id", id=0) == []
    assert await Book.objects.raw("SELECT * FROM orm_book WHERE id = :id", id=0).values() == []


async def test_values_of_every_type(database: Database) -> None:
    """A parameter has the form of the column that it is compared with."""
    await Everything(
        flag=True, word="50% :x", token=UUID(int=5), day=MOMENT.date(), moment=MOMENT, span=dt.timedelta(1), ratio=0.5
    ).save()
    values = {
        "flag": True,
        "word": "50% :x",
        "token": UUID(int=5),
        "day": MOMENT.date(),
        "moment": MOMENT,
        "span": dt.timedelta(1),
        "ratio": 0.5,
    }

    for name, value in values.items():
        found = await Everything.objects.raw(f"SELECT * FROM orm_everything WHERE {name} = :value", value=value)
        assert [getattr(one, name) for one in found] == [value], name


async def test_lists_without_items(database: Database) -> None:
    """Whatever the type of the column, nothing is in them and everything is outside, NULL too."""
    _ = await make_books()

    for column in ("id", "title", "price", "published", "active"):
        for condition, rows in {
            f"{column} IN :none": 0,
            f"{column} NOT IN :none": 4,
            f"NOT {column} IN :none": 4,
            f"id > 0 AND {column} NOT IN :none AND id < 0": 0,
            f"id > 0 OR {column} IN :none": 4,
        }.items():
            found = await Book.objects.raw(f"SELECT * FROM orm_book WHERE {condition}", none=[])
            assert len(found) == rows, condition


async def test_lists(database: Database) -> None:
    """A list stands for all of its items, an empty one for none."""
    _ = await make_books()
    sql = "SELECT * FROM orm_book WHERE title IN :titles ORDER BY title"

    assert [book.title for book in await Book.objects.raw(sql, titles=["t1", "t3", "x"])] == ["t1", "t3"]
    assert await Book.objects.raw(sql, titles=()) == []
    assert len(await Book.objects.raw("SELECT * FROM orm_book WHERE title NOT IN :titles", titles=[])) == 4


async def test_instance_as_a_value(database: Database) -> None:
    """An instance stands for its key."""
    author = await make_books()

    assert len(await Book.objects.raw("SELECT * FROM orm_book WHERE author_id = :author", author=author)) == 4


@pytest.mark.parametrize("text", ["'; DROP TABLE orm_node; --", "x' OR '1'='1", "%s %d :name ? $1", "\\", "ä\n"])
async def test_values_are_never_part_of_the_text(database: Database, text: str) -> None:
    """Whatever a value holds, it is compared and not carried out (C-011q)."""
    await Node(name=text).save()
    await Node(name="other").save()

    found = await Node.objects.raw("SELECT * FROM orm_node WHERE name = :name AND ':name' <> '%'", name=text)

    assert [node.name for node in found] == [text]
    assert await Node.objects.count() == 2


async def test_missing_key(database: Database) -> None:
    """Rows without the key cannot be instances."""
    await Node(name="x").save()

    with pytest.raises(FieldError, match=r"no column 'id', the primary key of orm\.Node; select it"):
        await Node.objects.raw("SELECT name FROM orm_node")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ('1 AS "a b"', "'a b' cannot be an attribute"),
        ('1 AS "_row"', "'_row' cannot be an attribute"),
        ('1 AS "save"', "'save' cannot be an attribute"),
        ('1 AS "class"', "'class' cannot be an attribute"),
        ('1 AS "x=1;import os"', "cannot be an attribute"),
        ("name", "two columns 'name'"),
    ],
)
async def test_columns_that_cannot_be_attributes(database: Database, column: str, message: str) -> None:
    """A column whose name is taken, or is none, is refused."""
    await Node(name="x").save()

    with pytest.raises(FieldError, match=message):
        await Node.objects.raw(f"SELECT id, name, {column} FROM orm_node")


async def test_column_that_holds_something_else(database: Database) -> None:
    """A column that has the name of a field and no value of it is told as in every query, with what may be meant."""
    await Tag(word="x").save()

    with pytest.raises(UnreadableValueError, match=r"something in orm\.Tag\.id .*update\(\); .* no field: AS"):
        await Tag.objects.raw("SELECT 5 AS id, word FROM orm_tag")
    with pytest.raises(UnreadableValueError, match="something in id "):
        await Tag.objects.raw("SELECT 5 AS id, word FROM orm_tag").values()


async def test_many_rows_are_read_without_the_collector(sqlite: Database) -> None:
    """It would look at each of the rows several times; a statement by hand pays no more than another query."""
    await Node.objects.bulk_create([Node(name=str(number)) for number in range(3000)])
    statement = Node.objects.raw("SELECT * FROM orm_node")
    await statement
    runs: list[int] = []

    def note(phase: str, facts: dict[str, int]) -> None:
        if phase == "start" and is_reading(sys._getframe()):
            runs.append(facts["generation"])

    gc.collect()
    gc.callbacks.append(note)
    try:
        rows = await statement
    finally:
        gc.callbacks.remove(note)
    assert len(rows) == 3000
    assert runs == []


async def test_names_of_parameters(database: Database) -> None:
    """Text and values have to name the same parameters; nothing is sent otherwise."""
    async with max_queries(0):
        with pytest.raises(FieldError, match=":b, and no value is given"):
            await Node.objects.raw("SELECT * FROM orm_node WHERE id = :b")
        with pytest.raises(FieldError, match="'c', which is no parameter"):
            await Node.objects.raw("SELECT * FROM orm_node", c=1)


async def test_errors_of_the_database(database: Database) -> None:
    """What the database refuses is an error of ours, which names the model of a table."""
    with pytest.raises(QueryError):
        await Node.objects.raw("SELECT nonsense FROM orm_node")
    with pytest.raises(TableNotFound):
        await Node.objects.raw("SELECT * FROM orm_nothing")


async def test_statements_that_write(database: Database) -> None:
    """Rows that a statement writes and gives back are instances as well."""
    found = await Node.objects.raw("INSERT INTO orm_node (name) VALUES (:name) RETURNING *", name="new")

    assert [node.name for node in found] == ["new"]
    assert await Node.objects.get(name="new") == found[0]
    assert await Node.objects.raw("UPDATE orm_node SET name = :name", name="newer") == []
    with pytest.raises(IntegrityError):
        await Node.objects.raw("INSERT INTO orm_node (name) VALUES (:name)", name=None)


async def test_text_of_a_query(database: Database) -> None:
    """raw_sql() gives the text without any value."""
    rows = Node.objects.filter(Q(name="secret") | Q(id__in=[1, 2, 3])).order_by("-name")[:5]

    text = rows.raw_sql()

    assert text.startswith("SELECT orm_node.id")
    assert "secret" not in text
    assert {"postgresql": "$1", "mariadb": "%s"}.get(database.dialect_name, "?") in text
    with pytest.raises(FieldError, match="nothing"):
        Node.objects.filter(nothing=1).raw_sql()


async def test_plan_of_a_query(database: Database) -> None:
    """explain() tells how the query would be carried out."""
    await Node(name="x").save()

    text = await Node.objects.filter(pk=1, name="x").explain()

    assert "orm_node" in text
    assert text.count("\n") < 20
    if database.dialect_name == "mariadb":
        assert text.startswith("id: 1, select_type: SIMPLE, table: orm_node, ")


async def test_managers_tell_about_all_rows(database: Database) -> None:
    """A manager has what its query sets tell of themselves."""
    assert Node.objects.raw_sql() == Node.objects.all().raw_sql()
    assert await Node.objects.explain() == await Node.objects.all().explain()


async def test_options_of_explain(database: Database) -> None:
    """What an engine can tell besides has options; others are refused."""
    rows = Node.objects.filter(name="x")

    if database.dialect_name == "postgresql":
        assert "actual time" in await rows.explain(analyze=True)
        assert "Output:" in await rows.explain(verbose=True)
        assert (await rows.explain(output="json")).startswith("[")
    else:
        with pytest.raises(DatabaseOperationNotSupportedError, match="no options"):
            await rows.explain(analyze=True)
    with pytest.raises(FieldError, match="there are text, json, yaml, xml"):
        await rows.explain(output="x) SELECT 1 --")  # type: ignore[arg-type]  # what is tested
