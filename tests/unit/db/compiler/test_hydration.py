"""Functions that make results of rows."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.hydration import (
    Cell,
    Join,
    RecordShape,
    read_constant,
    read_dicts,
    read_flat,
    read_records,
    read_tuples,
)
from openviper.db.compiler.origin import Differ, known_fields
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Conversion
from openviper.db.models import Model
from openviper.db.options import Options
from openviper.db.query.description import Query

HUNDREDTHS = Conversion("_Decimal({v}) / 100", {"_Decimal": Decimal})


class Record(Sequence[Any]):
    """A row of a driver that hands out no tuples."""

    def __init__(self, *values: object) -> None:
        self.values = values

    def __getitem__(self, place: Any) -> Any:
        return self.values[place]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


def make_models() -> tuple[Any, Any]:
    class Owner(Model):
        name = fields.CharField(max_length=10)

    class Pet(Model):
        owner = fields.ForeignKey(Owner, null=True)
        price = fields.DecimalField(max_digits=6, decimal_places=2, null=True)

    return Owner, Pet


def shape_of(model: Any, number: int, first: int, joins: tuple[Join, ...] = (), names: Any = None) -> RecordShape:
    """Give the shape of an instance whose columns begin at a place."""
    options: Options = model._meta
    dialect = get_dialect("sqlite")
    names = [one.attname for one in options.fields] if names is None else names
    chosen = [one for one in options.fields if one.attname in names]
    cells = [
        Cell(place, one.attname, dialect.form_of(one).read, one.null) for place, one in enumerate(chosen, start=first)
    ]
    differ = Differ(known_fields(options, dialect, {cell.name: cell.place for cell in cells}))
    return RecordShape(number, model, differ, tuple(cells), cells[0], joins=joins)


@pytest.fixture(params=[True, False], ids=["stores", "dict"])
def stores_attributes(request: pytest.FixtureRequest) -> bool:
    """Each way of filling an instance, whatever is faster on this Python."""
    fills: bool = request.param
    return fills


def test_row_becomes_an_instance(stores_attributes: bool) -> None:
    """Values are converted, NULL stays None, and the row stays with the instance."""
    _, pet = make_models()
    reader = read_records(shape_of(pet, 0, 0), 3, stores_attributes=stores_attributes)("main")
    row = (1, None, 250)

    for made in (reader.one(row), *reader.many([row])):
        assert type(made) is pet
        assert vars(made) == {"id": 1, "owner_id": None, "price": Decimal("2.50")}
        assert made._row is row
        assert made._origin.alias == "main"
    assert reader.one((1, None, None)).price is None


def test_extra_cells_become_attributes(stores_attributes: bool) -> None:
    """What was computed stands beside the fields, and is no change."""
    _, pet = make_models()
    plain = shape_of(pet, 0, 0)
    shape = RecordShape(0, pet, plain.differ, plain.cells, plain.key, extra=(Cell(3, "total", HUNDREDTHS),))
    made = read_records(shape, 4, stores_attributes=stores_attributes)("main").one(Record(1, 2, 3, 400))
    assert made.total == 4
    assert not made.has_changed


def test_joined_rows_become_related_instances(stores_attributes: bool) -> None:
    """A reference has the instance that was read along; where there is none, it is None."""
    owner, pet = make_models()
    shape = shape_of(pet, 0, 0, (Join("_related_owner", shape_of(owner, 1, 3)),))
    reader = read_records(shape, 5, stores_attributes=stores_attributes)("main")

    rex, stray = reader.many([(1, 7, 250, 7, "Ann"), (2, None, 0, None, None)])
    assert rex.owner is rex.owner
    assert (rex.owner.id, rex.owner.name) == (7, "Ann")
    assert stray.owner is None
    rex.owner.name = "Bob"
    assert rex.owner.changed_fields() == ("name",)
    assert not rex.has_changed


def test_joined_rows_backwards_know_the_way(stores_attributes: bool) -> None:
    """What refers to the row is left beside it, and refers to the very instance."""
    owner, pet = make_models()
    shape = shape_of(owner, 0, 0, (Join("_related_pet", shape_of(pet, 1, 2), "_related_owner"),))
    reader = read_records(shape, 5, stores_attributes=stores_attributes)("main")

    ann, bob = reader.many([(7, "Ann", 1, 7, 250), (8, "Bob", None, None, None)])
    assert ann._related_pet.id == 1
    assert ann._related_pet.owner is ann
    assert bob._related_pet is None


def test_origins_belong_to_databases() -> None:
    """Rows of two databases are read by one plan, and do not mix."""
    owner, _ = make_models()
    maker = read_records(shape_of(owner, 0, 0), 2)
    one, two = maker("main").one((1, "a")), maker("other").one((1, "a"))
    assert (one._origin.alias, two._origin.alias) == ("main", "other")


def test_rows_become_dicts() -> None:
    """Keys may be any text, and columns may be left out."""
    reader = read_dicts([Cell(0, 'it\'s "a" {key}'), Cell(2, "c", HUNDREDTHS)], 3)("main")
    assert reader.many([(1, 2, 300), Record(4, 5, None)]) == [
        {'it\'s "a" {key}': 1, "c": Decimal(3)},
        {'it\'s "a" {key}': 4, "c": None},
    ]
    assert reader.one(Record(1, 2, 3))['it\'s "a" {key}'] == 1


def test_rows_become_tuples() -> None:
    """Tuples of the driver are taken as they are, if nothing is to be converted."""
    row = (1, 2)
    plain = read_tuples([Cell(0, "a"), Cell(1, "b")], 2)("main")
    assert plain.one(row) is row
    assert plain.many([row, Record(3, 4)]) == [(1, 2), (3, 4)]
    converted = read_tuples([Cell(1, "b", HUNDREDTHS)], 2)("main")
    assert converted.many([row]) == [(Decimal("0.02"),)]
    assert read_tuples([Cell(1, "b"), Cell(0, "a")], 2)("main").one(row) == (2, 1)
    assert read_tuples([], 0)("main").many([]) == []


def test_rows_become_values() -> None:
    """One value of each row, whatever else is in it."""
    assert read_flat(Cell(0, "a", HUNDREDTHS), 1)("main").many([(100,), (None,)]) == [Decimal(1), None]
    assert read_flat(Cell(1, "a"), 3)("main").one(Record(1, 2, 3)) == 2


def test_rows_may_only_be_there() -> None:
    """What is asked for is the same for each."""
    reader = read_constant(True)("main")
    assert reader.one((5,)) is True
    assert reader.many([(1,), (2,)]) == [True, True]


def test_reading_is_no_assignment(stores_attributes: bool) -> None:
    """A model that watches its attributes sees changes, and not the values that were stored before."""
    seen = []

    class Watched(Model):
        name = fields.CharField(max_length=10)

        def __setattr__(self, name: str, value: object) -> None:
            if not name.startswith("_"):
                seen.append(name)
            super().__setattr__(name, value)

    reader = read_records(shape_of(Watched, 0, 0), 2, stores_attributes=stores_attributes)("main")
    made = reader.one((1, "Ann"))
    assert (made.name, seen) == ("Ann", [])
    made.name = "Bob"
    assert seen == ["name"]


def test_proxies_are_made_of_their_own_class() -> None:
    """The class that was asked comes back, with its own methods."""

    class Owner(Model):
        name = fields.CharField(max_length=10)

    class Loud(Owner):
        class Meta:
            proxy = True

        def shout(self) -> str:
            return self.name.upper()

    plan = compile_query(Query(Loud), get_dialect("sqlite"))
    made = plan.reader("main").one((1, "Ann"))
    assert type(made) is Loud
    assert made.shout() == "ANN"
