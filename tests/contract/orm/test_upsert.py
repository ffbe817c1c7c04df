"""get_or_create and update_or_create: one row, however many ask for it at once."""

import asyncio
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError, SerializationError
from openviper.db.monitor import max_queries
from openviper.db.registry import registry
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Book, Tag

TASKS = 32


async def test_row_that_is_there_costs_one_query(database: Database) -> None:
    """A hit reads, and makes nothing."""
    made, is_new = await Author.objects.get_or_create(email="ann@example.com", defaults={"name": "Ann"})
    assert is_new
    async with max_queries(1):
        found, is_new = await Author.objects.get_or_create(email="ann@example.com", defaults={"name": "Bea"})
    assert not is_new
    assert found == made
    assert found.name == "Ann"


async def test_defaults_are_called_when_they_are_needed(database: Database) -> None:
    """A callable default is not called for a row that is there."""
    calls: list[int] = []

    def count() -> str:
        calls.append(1)
        return "Ann"

    await Author.objects.get_or_create(email="ann@example.com", defaults={"name": count})
    await Author.objects.get_or_create(email="ann@example.com", defaults={"name": count})
    assert len(calls) == 1


async def test_many_tasks_make_one_row(database: Database) -> None:
    """Of tasks that race one makes the row, and all of them have it (C-011f)."""
    results = await asyncio.gather(
        *(
            Author.objects.get_or_create(email="ann@example.com", defaults={"name": f"task {number}"})
            for number in range(TASKS)
        )
    )
    assert sum(is_new for _, is_new in results) == 1
    assert len({author.id for author, _ in results}) == 1
    assert await database.fetch_value("SELECT count(*) FROM orm_author") == 1


async def test_many_tasks_make_one_row_inside_transactions(database: Database) -> None:
    """A transaction that loses the race goes on (C-011f)."""

    async def work(number: int) -> bool:
        try:
            async with atomic():
                _, is_new = await Tag.objects.get_or_create(word="same")
                await Tag(word=f"own {number}").save()
                return is_new
        except SerializationError:
            # MariaDB locks the gaps between rows as well, and ends some that stand in each other's way.
            assert database.dialect_name == "mariadb"
            return await work(number)

    results = await asyncio.gather(*(work(number) for number in range(TASKS)))
    assert sum(results) == 1
    assert await database.fetch_value("SELECT count(*) FROM orm_tag") == TASKS + 1


async def test_many_tasks_update_one_row(database: Database) -> None:
    """update_or_create makes the row once, and loses no update (C-011f)."""
    results = await asyncio.gather(
        *(
            Author.objects.update_or_create(email="ann@example.com", defaults={"name": f"task {number}"})
            for number in range(TASKS)
        )
    )
    assert sum(is_new for _, is_new in results) == 1
    assert await database.fetch_value("SELECT count(*) FROM orm_author") == 1
    name = await database.fetch_value("SELECT name FROM orm_author")
    assert name in {author.name for author, _ in results}


async def test_update_or_create_sets_what_is_there(database: Database) -> None:
    """A row that is found gets the defaults; a new one gets those for new rows."""
    author, is_new = await Author.objects.update_or_create(
        email="ann@example.com", defaults={"age": 2}, create_defaults={"name": "Ann", "age": 1}
    )
    assert (author.name, author.age, is_new) == ("Ann", 1, True)
    author, is_new = await Author.objects.update_or_create(email="ann@example.com", defaults={"age": 2})
    assert (author.name, author.age, is_new) == ("Ann", 2, False)
    assert await database.fetch_value("SELECT age FROM orm_author") == 2
    with pytest.raises(ModelValidationError):
        await Author.objects.update_or_create(email="ann@example.com", defaults={"age": "old"})


async def test_lookups_that_compare_otherwise_only_search(database: Database) -> None:
    """What is no plain value of a field finds rows, and is no value of a new one."""
    author = await Author.objects.create(name="Ann")
    book, is_new = await Book.objects.get_or_create(
        author=author, title__icontains="one", defaults={"title": "Volume One"}
    )
    assert is_new
    again, is_new = await Book.objects.get_or_create(author__name="Ann", title__exact="Volume One")
    assert (again, is_new) == (book, False)


async def test_another_row_in_the_way_is_an_error(database: Database) -> None:
    """A row that is refused for another reason than being there raises what the database says."""
    await Author(name="Ann", email="ann@example.com").save()
    with pytest.raises(IntegrityError) as caught:
        await Author.objects.get_or_create(name="Bea", defaults={"email": "ann@example.com"})
    assert caught.value.kind == "unique"
    with pytest.raises(IntegrityError):
        await Book.objects.get_or_create(title="x", defaults={"author_id": 12345})


async def test_unknown_names_are_refused(database: Database) -> None:
    """A default of no field is named, with the fields that there are, before anything is sent."""
    async with max_queries(0):
        with pytest.raises(FieldError, match="'nmae'; there are id, name"):
            await Author.objects.get_or_create(email="a@b.de", defaults={"nmae": "x"})
        with pytest.raises(FieldError, match="'nmae'"):
            await Author.objects.update_or_create(email="a@b.de", defaults={"nmae": "x"})


async def test_a_save_of_the_models_own_is_called(database: Database) -> None:
    """What a model does with every save it also does with rows that are made by query sets."""

    class Loud(Author):
        async def save(self, **options: Any) -> None:
            self.name = self.name.upper()
            await super().save(**options)

        class Meta:
            proxy = True

    try:
        made = await Loud.objects.create(name="ann", email="ann@example.com")
        assert made.name == "ANN"
        found, is_new = await Loud.objects.get_or_create(email="bea@example.com", defaults={"name": "bea"})
        assert (found.name, is_new) == ("BEA", True)
        found, is_new = await Loud.objects.update_or_create(email="bea@example.com", defaults={"name": "bee"})
        assert (found.name, is_new) == ("BEE", False)
        results = await asyncio.gather(
            *(Loud.objects.get_or_create(email="same@example.com", defaults={"name": "x"}) for _ in range(8))
        )
        assert sum(is_new for _, is_new in results) == 1
    finally:
        registry.unregister(Loud._meta.label)
