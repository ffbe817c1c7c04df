"""Writing what clients may send, and many writes at once."""

import asyncio

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, ModelValidationError
from openviper.db.monitor import max_queries
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Node

TEXTS = ["'; DROP TABLE orm_author; --", 'a"b', "a\\b", "{a,b}", "$1", "%s", "?", ":x", "\u2028", "é\U0001f600", "NULL"]
NAMES = ["name = 'x' --", 'name"', "name; DROP TABLE orm_author", "name__exact", "", "Name", "_row", "pk"]


async def test_texts_are_stored_as_they_are(database: Database) -> None:
    """No way of writing takes a part of a value for SQL (C-011q)."""
    authors = await Author.objects.bulk_create([Author(name=text) for text in TEXTS])
    for author, text in zip(authors, reversed(TEXTS), strict=True):
        author.name = text
        await author.save()
    assert [author.name for author in await Author.objects.order_by("id")] == TEXTS[::-1]
    for author, text in zip(authors, TEXTS, strict=True):
        author.name = text
    await Author.objects.bulk_update(authors, ["name"])
    assert [author.name for author in await Author.objects.order_by("id")] == TEXTS
    for text in TEXTS:
        assert await Author.objects.all().update(name=text) == len(TEXTS)
        assert await Author.objects.filter(name=text).count() == len(TEXTS)


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_nothing_never_reach_the_database(database: Database, name: str) -> None:
    """Every place that takes the name of a field refuses what is none."""
    author = await Author.objects.create(name="Ann")
    known = {"name": "x"} | {name: "x"}
    async with max_queries(1):  # what get_or_create() looks for
        with pytest.raises(FieldError):
            await Author.objects.all().update(**{name: "x"})
        with pytest.raises(FieldError):
            await Author.objects.bulk_update([author], [name])
        with pytest.raises(ValueError, match="update_fields"):
            await author.save(update_fields=[name])
        with pytest.raises(FieldError):
            await Author.objects.bulk_create(
                [author], update_conflicts=True, unique_fields=["email"], update_fields=[name]
            )
        if name != "pk":
            with pytest.raises(FieldError):
                await author.refresh_from_db([name])
            with pytest.raises(TypeError):
                await Author(**known).save()
            with pytest.raises(FieldError):
                await Author.objects.get_or_create(name="new", defaults={name: 1})
    assert await Author.objects.count() == 1


@pytest.mark.parametrize("value", [object(), [], {}, 1.5, b"1", asyncio, 2**40, "\0", "1e3", True])
async def test_values_of_wrong_types_are_refused(database: Database, value: object) -> None:
    """A number is wanted, and nothing is made of what is none."""
    author = await Author.objects.create(name="Ann")
    async with max_queries(0):
        with pytest.raises(ModelValidationError):
            await Author.objects.all().update(age=value)
        with pytest.raises(ModelValidationError):
            await Author(name="x", age=value).save()
        with pytest.raises(ModelValidationError):
            await Author.objects.bulk_create([Author(name="x", age=value)])
        vars(author)["age"] = value
        with pytest.raises(ModelValidationError):
            await author.save()
        with pytest.raises(ModelValidationError):
            await Author.objects.bulk_update([author], ["age"])


async def test_many_tasks_write_at_once(database: Database) -> None:
    """Each instance gets the key of its own row, whoever else writes."""
    authors = [Author(name=f"author {number}", email=f"{number}@example.com") for number in range(60)]
    await asyncio.gather(*(author.save() for author in authors))
    assert len({author.id for author in authors}) == 60
    batches = await asyncio.gather(
        *(Node.objects.bulk_create([Node(name=f"{batch} {number}") for number in range(200)]) for batch in range(8))
    )
    stored = dict(await Node.objects.values_list("id", "name"))
    assert stored == {node.id: node.name for nodes in batches for node in nodes}
    assert len(stored) == 1600

    async with atomic():
        await asyncio.gather(*(Author.objects.filter(id=author.id).update(age=1) for author in authors))
        await asyncio.gather(*(author.delete() for author in authors[:30]))
    assert await Author.objects.filter(age=1).count() == 30


async def test_more_rows_than_a_statement_has_parameters(database: Database) -> None:
    """Long lists of instances and of keys are divided; it is still all or nothing."""
    nodes = await Node.objects.bulk_create([Node(name=str(number)) for number in range(25_000)])
    assert [node.id for node in nodes] == list(range(1, 25_001))
    assert await Node.objects.all().delete() == 25_000
    assert await Node.objects.count() == 0
