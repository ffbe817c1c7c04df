"""Storing many instances at once."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError, NotLoadedError
from openviper.db.monitor import max_queries
from openviper.db.persistence.bulk import bulk_create, bulk_update
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Country, Everything, Node, Tag


async def test_many_rows_are_one_query(database: Database) -> None:
    """A thousand rows go in one query, and each instance has the key of its own row (C-011h)."""
    nodes = [Node(name=f"node {number}") for number in range(1000)]

    async with max_queries(1):
        made = await bulk_create(Node, nodes)

    assert made == nodes
    stored = {row[0]: row[1] for row in await database.fetch("SELECT id, name FROM orm_node")}
    assert {node.id: node.name for node in nodes} == stored
    assert [node.id for node in nodes] == sorted(stored)
    assert not any(node.has_changed for node in nodes)


async def test_keys_are_right_beside_gaps_and_triggers(database: Database) -> None:
    """Rows that a trigger adds to the same table, and keys that were given out before, do not shift the keys."""
    await bulk_create(Node, [Node(name="first"), Node(id=90_000, name="far")])
    if database.dialect_name == "sqlite":
        await database.execute(
            "CREATE TRIGGER extra AFTER INSERT ON orm_node WHEN new.name = 'odd' BEGIN"
            " INSERT INTO orm_node (name) VALUES ('made by the trigger'); END"
        )
    elif database.dialect_name == "mariadb":
        pytest.skip("a trigger of this engine cannot write to its own table")
    else:
        await database.execute(
            "CREATE FUNCTION extra() RETURNS trigger AS $$ BEGIN IF new.name = 'odd' THEN INSERT INTO orm_node (name)"
            " VALUES ('made by the trigger'); END IF; RETURN new; END $$ LANGUAGE plpgsql"
        )
        await database.execute("CREATE TRIGGER extra AFTER INSERT ON orm_node FOR EACH ROW EXECUTE FUNCTION extra()")
    try:
        nodes = [Node(name="odd" if number % 3 else f"even {number}") for number in range(300)]
        await bulk_create(Node, nodes)
        stored = {row[0]: row[1] for row in await database.fetch("SELECT id, name FROM orm_node")}
        assert len(stored) == 502
        assert [stored[node.id] for node in nodes] == [node.name for node in nodes]
    finally:
        if database.dialect_name != "sqlite":
            await database.execute("DROP TRIGGER extra ON orm_node")
            await database.execute("DROP FUNCTION extra")


async def test_a_row_that_a_trigger_leaves_out_is_an_error(database: Database) -> None:
    """Keys that cannot be told apart are not guessed, and nothing is stored."""
    if database.dialect_name != "sqlite":
        pytest.skip("one engine shows it")
    await database.execute(
        "CREATE TRIGGER skip BEFORE INSERT ON orm_node WHEN new.name = 'no' BEGIN SELECT RAISE(IGNORE); END"
    )
    nodes = [Node(name="yes"), Node(name="no")]
    with pytest.raises(IntegrityError, match="one by one"):
        await bulk_create(Node, nodes)
    assert [node.pk for node in nodes] == [None, None]


async def test_every_kind_of_field_in_bulk(database: Database) -> None:
    """Lists of values are bound like single ones, None among them."""
    things = [
        Everything(
            small=number, big=2**40, ratio=0.5, amount=Decimal("1.5"), flag=bool(number % 2), word="w", genre="poetry",
            token=uuid.uuid4(), day="2026-01-31", hour="10:30", moment="2026-01-31T10:30:00+02:00",
            data={"a": [number]}, blob=b"\0\1", numbers=[number, 2], words=["a", "b,c"], address="::1",
        )
        for number in range(5)
    ]  # fmt: skip
    things.append(Everything())
    things.append(Everything(words=['"', "\\", "{a}", "NULL", " "], numbers=[]))
    async with max_queries(1):
        await bulk_create(Everything, things)

    assert [thing.id for thing in things] == [1, 2, 3, 4, 5, 6, 7]
    assert not any(thing.has_changed for thing in things)
    assert await database.fetch_value("SELECT count(*) FROM orm_everything WHERE flag") == 2
    things[0].numbers.append(7)
    things[0].amount = Decimal(9)
    assert await bulk_update(Everything, things, ["numbers", "amount", "data"]) == 7
    assert not any(thing.has_changed for thing in things)
    stored = await Everything.objects.order_by("id")
    assert [thing.to_dict() for thing in stored] == [thing.to_dict() for thing in things]


async def test_keys_of_ones_own_and_keys_that_are_made(database: Database) -> None:
    """One call takes both kinds; keys that Python makes are kept."""
    nodes = [Node(id=70, name="a"), Node(name="b"), Node(id=71, name="c")]
    await bulk_create(Node, nodes)
    stored = {row[0]: row[1] for row in await database.fetch("SELECT id, name FROM orm_node")}
    assert {node.id: node.name for node in nodes} == stored
    tags = await bulk_create(Tag, [Tag(word="x"), Tag(word="y")])
    assert not any(tag.has_changed for tag in tags)


async def test_all_faults_are_named_and_nothing_is_stored(database: Database) -> None:
    """Each refused instance is named by its position; all of them stay as they were (C-011a)."""
    authors = [Author(name="Ann", age="7"), Author(name="x" * 101), Author(name="Bea", age="old")]

    async with max_queries(0):
        with pytest.raises(ModelValidationError) as caught:
            await bulk_create(Author, authors)

    assert [message[:7] for message in caught.value.errors["name"]] == ["Item 2:"]
    assert [message[:7] for message in caught.value.errors["age"]] == ["Item 3:"]
    assert vars(authors[0])["age"] == "7"


async def test_one_row_that_is_refused_refuses_all(database: Database) -> None:
    """Batches are one transaction, also inside a transaction that goes on (C-011h)."""
    authors = [Author(name=f"a{number}", email=f"{number % 9}@example.com") for number in range(10)]
    async with atomic():
        await Author(name="kept").save()
        with pytest.raises(IntegrityError):
            async with atomic():
                await bulk_create(Author, authors, batch_size=3)
    assert await database.fetch_value("SELECT count(*) FROM orm_author") == 1
    with pytest.raises(IntegrityError):
        await bulk_create(Author, authors, batch_size=3)
    assert await database.fetch_value("SELECT count(*) FROM orm_author") == 1
    assert all(author.pk is None for author in authors)


async def test_rollback_takes_the_keys_back(database: Database) -> None:
    """Instances of a transaction that was undone are new again (C-011m)."""
    nodes = [Node(name="a"), Node(name="b")]
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await bulk_create(Node, nodes)
            raise ZeroDivisionError
    assert [node.pk for node in nodes] == [None, None]
    await bulk_create(Node, nodes)
    assert await database.fetch_value("SELECT count(*) FROM orm_node") == 2


async def test_conflicts_can_be_passed_over(database: Database) -> None:
    """Rows that are there stay as they are, and the others are stored."""
    await Country(code="DE", name="Germany").save()
    await bulk_create(Country, [Country(code="DE", name="x"), Country(code="FR", name="France")], ignore_conflicts=True)
    rows = await database.fetch("SELECT code, name FROM orm_country ORDER BY code")
    assert [tuple(row) for row in rows] == [("DE", "Germany"), ("FR", "France")]


async def test_conflicts_can_update(database: Database) -> None:
    """Rows that are there take over the fields that are named, and instances get the keys of their rows (C-011h)."""
    authors = await bulk_create(Author, [Author(name="Ann", email="ann@example.com", age=1)])
    both = [Author(name="Anne", email="ann@example.com", age=2), Author(name="Bea", email="bea@example.com")]

    await bulk_create(Author, both, update_conflicts=True, unique_fields=["email"], update_fields=["name"])

    rows = await database.fetch("SELECT id, name, age FROM orm_author ORDER BY id")
    assert [tuple(row)[1:] for row in rows] == [("Anne", 1), ("Bea", None)]
    assert [author.id for author in both] == [row[0] for row in rows]
    assert both[0] == authors[0]


async def test_instances_that_are_one_row_are_refused(database: Database) -> None:
    """Which of them should count is not guessed; rows without a value are never the same."""
    twins = [Author(name="Ann", email="ann@example.com"), Author(name="Anne", email="ann@example.com")]
    async with max_queries(0):
        with pytest.raises(ValueError, match="items 1 and 2"):
            await Author.objects.bulk_create(
                twins, update_conflicts=True, unique_fields=["email"], update_fields=["name"]
            )
    strangers = [Author(name="Ann"), Author(name="Anne")]
    await Author.objects.bulk_create(strangers, update_conflicts=True, unique_fields=["email"], update_fields=["name"])
    assert await Author.objects.count() == 2


async def test_arguments_that_cannot_work_are_refused(database: Database) -> None:
    """What is missing, unknown or not unique is named before anything is sent."""
    author = Author(name="Ann")
    async with max_queries(0):
        with pytest.raises(ValueError, match="unique_fields"):
            await bulk_create(Author, [author], update_conflicts=True)
        with pytest.raises(ValueError, match="exclude"):
            await bulk_create(Author, [author], update_conflicts=True, ignore_conflicts=True)
        with pytest.raises(FieldError, match="not unique; what is: id; email"):
            await bulk_create(Author, [author], update_conflicts=True, unique_fields=["name"], update_fields=["age"])
        with pytest.raises(FieldError, match="no field 'nope'"):
            await bulk_update(Author, [author], ["nope"])
        with pytest.raises(FieldError, match="key"):
            await bulk_update(Author, [author], ["pk"])
        with pytest.raises(ValueError, match="no field"):
            await bulk_update(Author, [author], [])
        with pytest.raises(ValueError, match="item 1 has no key"):
            await bulk_update(Author, [author], ["name"])
        with pytest.raises(TypeError, match="item 2 is Node"):
            await bulk_create(Author, [author, Node(name="x")])
        with pytest.raises(ValueError, match="batch_size"):
            await bulk_create(Author, [author], batch_size=0)
        assert await bulk_create(Author, []) == []
        assert await bulk_update(Author, [], ["name"]) == 0


async def test_bulk_update_writes_fields_of_many_rows(database: Database) -> None:
    """Only the named fields are sent, in one query; the count is that of the rows that were there."""
    authors = await bulk_create(Author, [Author(name=f"a{number}", age=number) for number in range(100)])
    for author in authors:
        author.age = (author.age or 0) + 1
        author.name = "changed"
    await database.execute("DELETE FROM orm_author WHERE id = 1")

    async with max_queries(1):
        assert await bulk_update(Author, authors, ["age"]) == 99

    assert authors[5].changed_fields() == ("name",)
    assert await database.fetch_value("SELECT sum(age) FROM orm_author") == sum(range(2, 101))
    assert await database.fetch_value("SELECT count(*) FROM orm_author WHERE name = 'changed'") == 0
    assert await bulk_update(Author, authors, ["name"], batch_size=10) == 99


async def test_bulk_update_refuses_bad_values_and_undoes_all(database: Database) -> None:
    """A value that is refused, by the field or by the database, leaves every row as it was."""
    authors = await bulk_create(Author, [Author(name="Ann", email="a@b.de"), Author(name="Bea", email="b@b.de")])
    authors[1].age = "old"  # type: ignore[assignment]  # what is tested
    with pytest.raises(ModelValidationError, match="Item 2"):
        await bulk_update(Author, authors, ["age"])
    authors[1].age = None
    authors[0].email = "c@b.de"
    authors[1].email = "c@b.de"
    with pytest.raises(IntegrityError):
        await bulk_update(Author, authors, ["email"])
    assert await database.fetch_value("SELECT count(*) FROM orm_author WHERE email = 'a@b.de'") == 1
    assert authors[0].changed_fields() == ("email",)


async def test_moments_are_set_in_bulk_too(database: Database) -> None:
    """auto_now and auto_now_add hold for instances that are stored together."""
    author = Author(name="Ann")
    await author.save()
    books = await bulk_create(Book, [Book(author=author, title="One"), Book(author=author, title="Two")])
    assert not any(book.has_changed for book in books)
    assert await database.fetch_value("SELECT count(*) FROM orm_book WHERE added IS NULL OR changed IS NULL") == 0


async def test_an_instance_is_one_row(database: Database) -> None:
    """The same instance twice would be two rows, of which it knows one."""
    node = Node(name="a")
    with pytest.raises(ValueError, match="items 1 and 3 are the same instance"):
        await bulk_create(Node, [node, Node(name="b"), node])
    with pytest.raises(ValueError, match="items 1 and 2 are the same instance"):
        await bulk_create(Node, [node, node], ignore_conflicts=True)
    assert await Node.objects.count() == 0
    assert node.id is None


@pytest.mark.parametrize("key", ["x", 2**80, 1.5, [], b"1"], ids=["text", "huge", "float", "list", "bytes"])
async def test_keys_of_wrong_types_are_refused(database: Database, key: Any) -> None:
    """They are cleaned as all else is, and named by the position of their instance."""
    node = await Node.objects.create(name="a")
    with pytest.raises(ModelValidationError) as caught:
        await bulk_update(Node, [node, Node(id=key, name="b")], ["name"])
    assert [message.partition(":")[0] for message in caught.value.errors["id"]] == ["Item 2"]
    twin = Node(name="c", id=str(node.id))
    assert await bulk_update(Node, [node, twin], ["name"]) == 1
    assert (twin.id, (await Node.objects.get()).name) == (node.id, "c")


async def test_keys_that_were_changed_are_refused(database: Database) -> None:
    """A row keeps its key, so an instance with another one is none of the row that it was read from."""
    first, second = await bulk_create(Node, [Node(name="a"), Node(name="b")])
    first.id, first.name = second.id, "c"
    with pytest.raises(FieldError, match="the key of item 2 was changed"):
        await bulk_update(Node, [second, first], ["name"])
    tag = await Tag.objects.create(word="a")
    tag = await Tag.objects.get(id=tag.id)
    assert await bulk_update(Tag, [tag], ["word"]) == 1
    tag.id = uuid.uuid4()
    with pytest.raises(FieldError, match="the key of item 1 was changed"):
        await bulk_update(Tag, [tag], ["word"])
    assert [one.name for one in await Node.objects.order_by("id")] == ["a", "b"]


async def test_positions_are_those_of_the_caller(database: Database) -> None:
    """Also where instances have the same key, of which the last one counts."""
    first, second = await bulk_create(Node, [Node(name="a"), Node(name="b")])
    items = [Node(id=first.id, name=None), Node(id=first.id, name="c"), Node(id=second.id, name=None)]
    with pytest.raises(ModelValidationError) as caught:
        await bulk_update(Node, items, ["name"])
    assert [message.partition(":")[0] for message in caught.value.errors["name"]] == ["Item 3"]


async def test_fields_that_were_not_read_are_not_stored(database: Database) -> None:
    """Neither as a new row nor in one that is there; the error names the field."""
    node = await Node.objects.create(name="a")
    part = await Node.objects.only("id").get(id=node.id)
    with pytest.raises(NotLoadedError, match="name of this"):
        await bulk_update(Node, [node, part], ["name"])
    part.pk = None
    with pytest.raises(NotLoadedError, match="name of this"):
        await bulk_create(Node, [Node(name="b"), part])
    assert (part.pk, await Node.objects.count()) == (None, 1)


async def test_moments_of_copied_rows_are_given_back(database: Database) -> None:
    """A new row gets its moment by itself; one statement for all of them writes the moments of the old rows."""
    author = await Author.objects.create(name="Ann")
    books = [Book(author=author, title=str(number)) for number in range(3)]
    await Book.objects.bulk_create(books)
    moments = [dt.datetime(2001, 1, day, tzinfo=dt.UTC) for day in (1, 2, 3)]
    for book, moment in zip(books, moments, strict=True):
        book.added = moment
    async with max_queries(1):
        await Book.objects.bulk_update(books, ["added"])
    assert await Book.objects.order_by("title").values_list("added", flat=True) == moments
