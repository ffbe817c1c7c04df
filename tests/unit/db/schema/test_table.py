"""A model as a table in data: names of our own for everything, and nothing twice."""

from enum import Enum

import pytest

from openviper.db.constraints import LONGEST_NAME, CheckConstraint, Index, UniqueConstraint
from openviper.db.dialects.engines import get_dialect
from openviper.db.fields import (
    ArrayField,
    CharField,
    ForeignKey,
    IntegerField,
    OneToOneField,
    PositiveIntegerField,
)
from openviper.db.fields.base import FieldKind
from openviper.db.models import Model
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import CheckSchema, IndexSchema, UniqueSchema, schema_of


class Mood(str, Enum):  # noqa: UP042 - any enum with texts
    """A choice."""

    GOOD = "good"


def test_everything_has_a_name() -> None:
    """Keys, constraints and indexes are named after what they are, the table and the columns."""

    class Writer(Model):
        code = CharField(max_length=5, unique=True)

        class Meta:
            table_name = "writer"

    class Essay(Model):
        author = ForeignKey(Writer, on_delete="PROTECT")
        cover = OneToOneField(Writer, null=True, related_name="+")
        title = CharField(db_index=True, db_column="heading")
        size = IntegerField()

        class Meta:
            table_name = "essay"
            unique_together = ("author", "title")
            indexes = (Index(["-size", "title"], condition="size > 5"),)
            constraints = (
                CheckConstraint("essay_size", "size >= 0"),
                UniqueConstraint("essay_once", ["title"]),
                UniqueConstraint("essay_long", ["title"], "size > 100"),
            )

    schema = schema_of(Essay._meta)
    assert [one.name for one in schema.columns] == ["id", "author_id", "cover_id", "heading", "size"]
    assert (schema.primary_key, schema.primary_key_name) == ("id", "pk_essay")
    assert schema.uniques == (
        UniqueSchema(name="uq_essay_cover_id", columns=("cover_id",)),
        UniqueSchema(name="uq_essay_author_id_heading", columns=("author_id", "heading")),
        UniqueSchema(name="essay_once", columns=("heading",)),
    )
    assert [(one.name, one.column, one.target_table, one.on_delete) for one in schema.foreign_keys] == [
        ("fk_essay_author_id", "author_id", "writer", "PROTECT"),
        ("fk_essay_cover_id", "cover_id", "writer", "CASCADE"),
    ]
    assert schema.checks == (CheckSchema(name="essay_size", condition="size >= 0"),)
    assert schema.indexes[0] == IndexSchema(name="ix_essay_author_id", columns=("author_id",))
    assert schema.indexes[1].columns == ("-size", "heading")
    assert schema.indexes[2] == IndexSchema(
        name="essay_long", columns=("heading",), is_unique=True, condition="size > 100"
    )


def test_unique_column_has_no_second_index() -> None:
    """``db_index`` says nothing that uniqueness or a stated index does not say."""

    class Page(Model):
        slug = CharField(unique=True, db_index=True)
        size = IntegerField(db_index=True)

        class Meta:
            indexes = (Index(["size"], name="by_size"),)

    assert [one.name for one in schema_of(Page._meta).indexes] == ["by_size"]


def test_long_name_is_cut_and_stays_its_own() -> None:
    """Names that begin alike differ in a digest, and fit on every engine."""

    class Page(Model):
        first = CharField(unique=True, db_column="a" * 60 + "1")
        second = CharField(unique=True, db_column="a" * 60 + "2")

    names = [one.name for one in schema_of(Page._meta).uniques]
    assert len(set(names)) == 2
    assert all(len(name) == LONGEST_NAME for name in names)


def test_enum_is_no_part_of_a_table() -> None:
    """Another enum makes no other column."""

    class Day(Model):
        mood = CharField(choices=Mood)
        moods = ArrayField(CharField(choices=Mood))

    mood, moods = schema_of(Day._meta).columns[1:]
    assert mood.storage.members is None
    assert moods.storage.item is not None
    assert moods.storage.item.members is None


def test_reference_to_another_database_is_a_plain_column() -> None:
    """No engine follows it."""

    class Writer(Model):
        name = CharField()

        class Meta:
            backend = "archive"

    class Essay(Model):
        author = ForeignKey(Writer)

    schema = schema_of(Essay._meta)
    assert schema.foreign_keys == ()
    assert schema.column("author_id").storage.kind == FieldKind.BIGINT
    with pytest.raises(LookupError, match="author"):
        schema.column("author")


def test_positive_field_is_checked_by_the_engine() -> None:
    """What an expression comes to is computed there; the name of the column may be a word of SQL."""

    class Shelf(Model):
        order = PositiveIntegerField()

    assert [one.condition for one in schema_of(Shelf._meta).checks] == ['"order" >= 0']
    assert 'CHECK ("order" >= 0)' in create_statements([schema_of(Shelf._meta)], get_dialect("postgresql"))[0]
    assert "CHECK (`order` >= 0)" in create_statements([schema_of(Shelf._meta)], get_dialect("mariadb"))[0]
