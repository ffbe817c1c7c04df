"""Tables of the pairs of many-to-many fields: how they are made and dropped, and who has one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database, init_db
from openviper.db.models import AbstractModel, Count, Model
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from tests.contract.db.engines import whole
from tests.contract.orm.pairs import pair


@pytest.fixture
def alone() -> Iterator[None]:
    """Models that are made in a test are forgotten after it."""
    with registry.isolated():
        yield


@asynccontextmanager
async def tables(database: Database, *models: Any) -> AsyncIterator[list[str]]:
    """Make the tables of models for a test, and drop them."""
    options = [model._meta for model in models]
    async with whole(database):
        made = await create_tables(database, options, database.dialect)
    try:
        yield made
    finally:
        async with whole(database):
            dropped = await drop_tables(database, options, database.dialect)
        assert sorted(dropped) == sorted(made)


async def test_models_of_pairs_have_tables(database: Database, alone: None) -> None:
    """They are made and dropped with the others, whatever order they come in, and keys may be of any type (C-011wd)."""

    class Sheet(Model):
        code = fields.CharField(max_length=10, primary_key=True)
        words: Any = fields.ManyToManyField("Word", related_name="sheets", db_table="sheet_and_word")

        class Meta:
            table_name = "paired_sheet"

    class Word(Model):
        id = fields.UUIDField(primary_key=True)
        sheets_too: Any = fields.ManyToManyField(Sheet, related_name="words_too")

        class Meta:
            table_name = "paired_word"

    through = [Sheet.words.through, Word.sheets_too.through]
    async with tables(database, *through, Word, Sheet) as made:
        assert sorted(made) == ["paired_sheet", "paired_word", "paired_word_sheets_too", "sheet_and_word"]
        sheet = await Sheet.objects.create(code="s")
        word = await Word.objects.create(id="12345678123456781234567812345678")
        await pair(through[0], (sheet, word))
        await pair(through[1], (word, sheet))
        assert await Sheet.objects.filter(words=word, words_too__sheets__code="s").count() == 1
        assert await Word.objects.annotate(n=Count("sheets"), m=Count("sheets_too__words")).get() == word
        await word.delete()
        assert [await one.objects.count() for one in through] == [0, 0]


async def test_init_db_makes_the_tables_of_pairs(database: Database, alone: None) -> None:
    """With the tables of their two sides, also where these refer to each other; and drops them first (C-011wd)."""
    registry.clear()

    class Left(Model):
        rights: Any = fields.ManyToManyField("Right", related_name="lefts", db_table="paired_lefts_rights")

        class Meta:
            table_name = "paired_left"

    class Right(Model):
        back: Any = fields.ManyToManyField(Left, related_name="+", db_table="paired_rights_lefts")

        class Meta:
            table_name = "paired_right"

    names = ["paired_left", "paired_lefts_rights", "paired_right", "paired_rights_lefts"]
    try:
        assert sorted(await init_db()) == names
        assert await init_db() == []
        left, right = await Left.objects.create(), await Right.objects.create()
        await pair(Left.rights.through, (left, right))
        await pair(Right.back.through, (right, left))
        assert await Left.objects.filter(rights__back=left, rights__lefts=left).count() == 1
        assert sorted(await init_db(drop_first=True)) == names
        assert await Left.rights.through.objects.count() == 0
    finally:
        async with whole(database):
            await drop_tables(database, [model._meta for model in registry], database.dialect)


async def test_fields_of_abstract_parents_and_proxies(database: Database, alone: None) -> None:
    """Each model below an abstract one has pairs of its own; a proxy shares those of its parent (C-011wd)."""

    class Term(Model):
        word = fields.CharField(max_length=10)

    class Tagged(AbstractModel):
        terms: Any = fields.ManyToManyField(Term, related_name="%(class)s_rows")

    class Song(Tagged):
        name = fields.CharField(max_length=10)

    class Film(Tagged):
        name = fields.CharField(max_length=10)

    class Hit(Song):
        class Meta:
            proxy = True

    through = [Song.terms.through, Film.terms.through]
    assert through[0] is not through[1]
    assert Hit.terms.through is through[0]
    async with tables(database, Term, Song, Film, *through):
        term = await Term.objects.create(word="x")
        song, film = await Song.objects.create(name="s"), await Film.objects.create(name="f")
        await pair(through[0], (song, term))
        assert await Term.objects.filter(song_rows__name="s").count() == 1
        assert await Term.objects.filter(film_rows__name="f").count() == 0
        assert [one.name for one in await Hit.objects.filter(terms=term)] == ["s"]
        assert await Hit.objects.annotate(n=Count("terms__song_rows")).values_list("n", flat=True) == [1]
        assert await Film.objects.filter(terms=None).get() == film
