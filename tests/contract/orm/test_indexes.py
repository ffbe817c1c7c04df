"""Indexes and unique constraints of expressions, with conditions, and of several fields."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database
from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint
from openviper.db.exceptions import DatabaseOperationNotSupportedError, IntegrityError, ModelDefinitionError
from openviper.db.functions import Coalesce, Length, Lower
from openviper.db.models import Count, F, Model, Q
from openviper.db.registry import AnyModel, registry
from openviper.db.schema.creation import create_tables, drop_tables
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of


class Catalogued(Model):
    """Has indexes that every engine makes, or leaves out because they change no answer."""

    id: int
    title = fields.CharField(max_length=50)
    year = fields.IntegerField(default=2000)
    price = fields.DecimalField(max_digits=8, decimal_places=2, default=Decimal(1))
    live = fields.BooleanField(default=True)
    note = fields.CharField(max_length=50, null=True)

    class Meta:
        indexes = (
            Index(Lower("title"), F("year").desc(), name="orm_entry_lower"),
            Index(Coalesce("note", "title"), name="orm_entry_note", condition=Q(live=True) & ~Q(title="it's")),
            Index(F("price") * 2, name="orm_entry_price"),
            Index(fields=["year", "-title"], condition=Q(price__gte=Decimal("0.50"), year__in=[1999, 2000])),
        )
        constraints = (UniqueConstraint("orm_entry_both", ["title", "year"]),)


def options_of(name: str, made: Sequence[Any]) -> AnyModel:
    """Make a model with constraints."""
    space = {
        "__module__": __name__,
        "id": fields.IntegerField(primary_key=True, auto_increment=True),
        "word": fields.CharField(max_length=20, null=True),
        "number": fields.IntegerField(null=True),
        "Meta": type(
            "Meta",
            (),
            {
                "constraints": tuple(one for one in made if not isinstance(one, Index)),
                "indexes": tuple(one for one in made if isinstance(one, Index)),
            },
        ),
    }
    return type(name, (Model,), space)


@pytest.fixture
async def entries(database: Database) -> AsyncIterator[None]:
    await create_tables(database, [Catalogued._meta], database.dialect)
    yield
    await drop_tables(database, [Catalogued._meta], database.dialect)


@pytest.mark.usefixtures("entries")
async def test_fields_are_unique_together() -> None:
    """C-011zc: A row that has the same values in all of them is refused, and one that differs in any is not."""
    _ = await Catalogued.objects.create(title="a", year=1)
    _ = await Catalogued.objects.create(title="a", year=2)
    with pytest.raises(IntegrityError):
        _ = await Catalogued.objects.create(title="a", year=1)
    made, is_new = await Catalogued.objects.get_or_create(title="a", year=2)
    assert (made.title, is_new) == ("a", False)


@pytest.mark.usefixtures("entries")
async def test_rows_with_indexes_of_expressions_are_read_and_written() -> None:
    """Indexes change no answer, whether the engine has them or not."""
    await Catalogued.objects.bulk_create(
        [Catalogued(title=one, note=None if one == "B" else one) for one in ("a", "B", "it's")]
    )
    assert await Catalogued.objects.annotate(low=Lower("title")).filter(low="b").count() == 1
    assert await Catalogued.objects.filter(price__gte=Decimal("0.50"), year__in=[1999, 2000]).count() == 3
    assert await Catalogued.objects.update(note="x", year=5) == 3


def test_the_engine_has_the_indexes(database: Database) -> None:
    """Those that it has no words for are left out, as no answer needs them."""
    written = [one for one in create_statements([schema_of(Catalogued._meta)], database.dialect) if "INDEX" in one]
    names = ["orm_entry_lower", "orm_entry_note", "orm_entry_price"]
    has_all = database.dialect.features.expression_indexes
    assert [any(name in one for one in written) for name in names] == [has_all] * 3
    assert any("WHERE" in one for one in written) == database.dialect.features.partial_indexes


@pytest.mark.parametrize(
    ("constraint", "same", "other"),
    [
        (UniqueConstraint(Lower("word"), name="orm_u_lower"), ({"word": "Ab"}, {"word": "aB"}), {"word": "c"}),
        (
            UniqueConstraint(Coalesce("word", F("word")), Length("word"), name="orm_u_two"),
            ({"word": "ab"}, {"word": "ab"}),
            {"word": "ac"},
        ),
        (
            UniqueConstraint(fields=["word"], condition=Q(number__gt=0), name="orm_u_some"),
            ({"word": "a", "number": 1}, {"word": "a", "number": 2}),
            {"word": "a", "number": 0},
        ),
        (
            UniqueConstraint(Lower("word"), condition=Q(number=None), name="orm_u_both"),
            ({"word": "A"}, {"word": "a"}),
            {"word": "A", "number": 0},
        ),
        (
            UniqueConstraint(fields=["word", "number"], nulls_distinct=False, name="orm_u_nulls"),
            ({"word": "a"}, {"word": "a"}),
            {"word": "b"},
        ),
    ],
)
async def test_expressions_and_conditions_are_unique(
    database: Database, constraint: UniqueConstraint, same: Sequence[dict[str, Any]], other: dict[str, Any]
) -> None:
    """C-011zc: A unique constraint holds what it says, or its table is refused: never is a part of it left out."""
    features = database.dialect.features
    is_known = (not constraint.expressions or features.expression_indexes) and (
        constraint.condition is None or features.partial_indexes
    )
    is_known = is_known and (constraint.nulls_distinct is not False or features.equal_nulls)
    with registry.isolated():
        model: Any = options_of("Unique", [constraint])
        if not is_known:
            with pytest.raises(DatabaseOperationNotSupportedError, match=constraint.name):
                await create_tables(database, [model._meta], database.dialect)
            return
        await create_tables(database, [model._meta], database.dialect)
        try:
            await model.objects.create(**same[0])
            await model.objects.create(**other)
            with pytest.raises(IntegrityError) as caught:
                await model.objects.create(**same[1])
            # SQLite names the columns where there are some.
            told = database.dialect.name != "sqlite" or bool(constraint.expressions)
            assert (caught.value.kind, caught.value.constraint) == ("unique", constraint.name if told else None)
        finally:
            await drop_tables(database, [model._meta], database.dialect)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (Index(F("nothing"), name="i"), "no field"),
        (Index(Count("word"), name="i"), "no queries, aggregates"),
        (Index(Lower("number"), name="i"), "takes texts"),
        (Index(F("word").asc(nulls_last=True), name="i"), "asc"),
        (Index(["word"], condition=Q()), "empty"),
        (Index(["word"], condition=Q(nothing=1)), "no field"),
    ],
)
def test_what_is_no_index(index: Index, message: str, database: Database) -> None:
    """Names and kinds are checked before there is a table."""
    if index.expressions and not database.dialect.features.expression_indexes:
        return
    if index.condition is not None and not database.dialect.features.partial_indexes:
        return
    with registry.isolated():
        model = options_of("Odd", [index])
        with pytest.raises(ModelDefinitionError, match=message):
            create_statements([schema_of(model._meta)], database.dialect)


def test_what_contradicts_itself() -> None:
    """Expressions need a name, and stand beside no fields."""
    for make, message in (
        (lambda: Index(Lower("a")), "needs a name"),
        (lambda: Index(Lower("a"), fields=["a"], name="i"), "fields or expressions"),
        (lambda: Index(5), "where an expression"),
        (lambda: Index(["a"], F("a")), "fields or expressions"),
        (lambda: Index(["a"], condition=5), "write a Q"),  # type: ignore[arg-type]  # a mistake
        (Index, "list of names"),
        (lambda: UniqueConstraint(Lower("a")), "needs a name"),
        (lambda: UniqueConstraint(name="u"), "list of names"),
    ):
        with pytest.raises(ModelDefinitionError, match=message):
            make()


@pytest.mark.parametrize(
    ("condition", "kept", "refused"),
    [
        (Q(number__gt=0), [{"number": 1}, {}], {"number": 0}),
        (Q(number__gt=0, number__isnull=False), [{"number": 1}], {}),
        (
            Q(number__in=[1, 2]) | Q(word="it's"),
            [{"number": 2}, {"number": 3, "word": "it's"}],
            {"number": 3, "word": "x"},
        ),
        (~Q(word="a"), [{"word": "b"}, {}], {"word": "a"}),
        (Q(number__lt=Length("word")), [{"number": 2, "word": "abc"}], {"number": 3, "word": "abc"}),
        (Q(word__startswith="a%"), [{"word": "a%b"}], {"word": "ab"}),
        (Q(number__range=(1, 5)), [{"number": 5}], {"number": 6}),
    ],
)
async def test_checks_are_conditions(database: Database, condition: Q, kept: list[Any], refused: Any) -> None:
    """C-011zd: A check that is a Q keeps away the rows that do not meet it, on every engine."""
    with registry.isolated():
        model = options_of("Checked", [CheckConstraint(condition=condition, name="orm_check")])
        await create_tables(database, [model._meta], database.dialect)
        try:
            for values in kept:
                await model.objects.create(**values)
            with pytest.raises(IntegrityError) as caught:
                await model.objects.create(**refused)
            assert (caught.value.kind, caught.value.constraint) == ("check", "orm_check")
            assert await model.objects.count() == len(kept)
        finally:
            await drop_tables(database, [model._meta], database.dialect)


async def test_checks_of_decimals_and_of_other_rows(database: Database) -> None:
    """C-011zd: A decimal is meant as it reads; a check of another table, or of no field, is refused by its model."""
    with registry.isolated():

        class Priced(Model):
            price = fields.DecimalField(max_digits=8, decimal_places=2)

            class Meta:
                constraints = (CheckConstraint(check=Q(price__lte=Decimal("9.99")), name="orm_priced_%(class)s"),)

        await create_tables(database, [Priced._meta], database.dialect)
        try:
            _ = await Priced.objects.create(price=Decimal("9.99"))
            with pytest.raises(IntegrityError):
                _ = await Priced.objects.create(price=Decimal("10.00"))
        finally:
            await drop_tables(database, [Priced._meta], database.dialect)

    for wrong in (Q(words=1), Q(word__gte=Count("*")), Q()):
        with registry.isolated(), pytest.raises(ModelDefinitionError):
            create_statements(
                [schema_of(options_of("Wrong", [CheckConstraint(check=wrong, name="w")])._meta)], database.dialect
            )
