"""Chains: what calls make of a description."""

from typing import Any

import pytest

from openviper.db import Count, Exists, F, Q, Sum, Value
from openviper.db.exceptions import FieldError
from openviper.db.query import description as d
from openviper.db.query.functions import Lower


def test_a_filter_is_one_item(book: Any) -> None:
    """What stands in one call belongs together; values follow those there are."""
    rows = book.objects.filter(title="x").filter(price__gt=1, genre="y")
    assert rows.query.where == (
        d.Lookup("title", 0),
        d.And((d.Lookup("price__gt", 1), d.Lookup("genre", 2))),
    )
    assert rows.params == ("x", 1, "y")


def test_plain_and_other_values_make_the_same_nodes(book: Any) -> None:
    """The short way of plain values leads where the long one does."""
    short: Any = book.objects.filter(title="x", price=1)
    long = book.objects.filter(Q(title="x", price=1))
    (short_node,) = short.query.where
    assert (short.query, short.params) == (long.query, long.params)
    assert type(short.query) is type(long.query) is d.Query
    assert type(short_node.parts[0]) is d.Lookup


def test_equal_shapes_are_equal(book: Any) -> None:
    """The values of a query are no part of its description."""
    assert book.objects.filter(title="x").query == book.objects.filter(title="y").query
    assert hash(book.objects.filter(title="x").query) == hash(book.objects.filter(title="y").query)
    assert book.objects.filter(title="x").query != book.objects.filter(title=None).query


def test_a_query_set_never_changes(book: Any) -> None:
    """Every call gives another one, or the same where nothing is said."""
    rows = book.objects.filter(price=1)
    before = (rows.query, rows.params, rows.db_alias, rows.is_none, rows.prefetches)
    for other in (
        rows.filter(title="x"),
        rows.exclude(title="x"),
        rows.order_by("title"),
        rows.limit(1),
        rows.offset(1),
        rows.distinct(),
        rows.annotate(n=F("price") + 1),
        rows.using("other"),
        rows.none(),
        rows.reverse(),
        rows[1:2],
    ):
        assert other is not rows
    assert before == (rows.query, rows.params, rows.db_alias, rows.is_none, rows.prefetches)
    assert rows.all() is rows
    assert rows.filter() is rows
    assert rows.filter(Q()) is rows


def test_exclude_is_not(book: Any) -> None:
    """All that one call says is left out together."""
    assert book.objects.exclude(title="x").query.where == (d.Not(d.Lookup("title", 0)),)
    assert book.objects.exclude(title="x", price=1).query.where == (
        d.Not(d.And((d.Lookup("title", 0), d.Lookup("price", 1)))),
    )
    assert book.objects.exclude().query.where == ()


def test_conditions_and_lookups_come_together(book: Any) -> None:
    """Q objects and expressions stand before keywords."""
    inner = book.objects.filter(price=1)
    rows = book.objects.filter(Q(title="x") | Q(title="y"), Exists(inner), price=2)
    assert rows.params == ("x", "y", 1, 2)
    assert rows.query.where == (
        d.And(
            (
                d.Or((d.Lookup("title", 0), d.Lookup("title", 1))),
                d.Truth(d.Exists(inner.query, 2)),
                d.Lookup("price", 3),
            )
        ),
    )


def test_a_condition_is_no_text(book: Any) -> None:
    """SQL by hand has its own place."""
    with pytest.raises(TypeError, match="lookups are keywords"):
        book.objects.filter("price > 1")


def test_order_takes_the_place_of_the_one_before(book: Any) -> None:
    """None is that of the model, () is none at all."""
    assert book.objects.all().query.order is None
    assert book.objects.order_by("title").order_by("-price", "?").query.order == (
        d.Order(d.Column("price"), descending=True),
        d.Order(None),
    )
    assert book.objects.order_by("title").order_by().query.order == ()
    assert book.objects.order_by(Lower("title") + 1).params == (1,)


def test_reverse_turns_every_key(book: Any) -> None:
    """Also those of the model; chance stays chance, and NULL goes to the other end."""
    assert book.objects.reverse().query.order == (
        d.Order(d.Column("price")),
        d.Order(d.Column("title"), descending=True),
    )
    turned = book.objects.order_by("?", F("price").desc(nulls_last=True)).reverse()
    assert turned.query.order == (d.Order(None), d.Order(d.Column("price"), nulls="first"))
    assert book.objects.order_by().reverse().query.order == ()


def test_limits_are_values(book: Any) -> None:
    """Pages of one query share a plan; a second limit takes the place of the first."""
    rows = book.objects.filter(price=1).limit(10).offset(20)
    assert (rows.query.limit, rows.query.offset, rows.params) == (1, 2, (1, 10, 20))
    other = rows.limit(5).offset(6)
    assert other.query == rows.query
    assert other.params == (1, 5, 6)
    assert rows.limit(None).query.limit is None
    assert rows.offset(None).query.offset is None


@pytest.mark.parametrize("rows", [-1, 1.5, "1", True])
def test_limits_are_whole_numbers(book: Any, rows: Any) -> None:
    """Anything else is refused when it is given."""
    with pytest.raises(FieldError, match="limit takes a whole number of 0 or more"):
        book.objects.limit(rows)
    with pytest.raises(FieldError, match="offset takes a whole number of 0 or more"):
        book.objects.offset(rows)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (slice(0, 5), (5, None)),
        (slice(None, 5), (5, None)),
        (slice(2, 5), (3, 2)),
        (slice(2, None), (None, 2)),
        (slice(5, 2), (0, 5)),
        (slice(None, None), (None, None)),
    ],
)
def test_slices_are_limit_and_offset(book: Any, bounds: slice, expected: tuple[int | None, int | None]) -> None:
    """As with lists, the end is not among them."""
    assert read_bounds(book.objects.all()[bounds]) == expected


def test_slices_of_slices_count_from_them(book: Any) -> None:
    """A part of a part never reaches beyond the part."""
    rows = book.objects.all()[10:20]
    assert read_bounds(rows[2:5]) == (3, 12)
    assert read_bounds(rows[5:50]) == (5, 15)
    assert read_bounds(rows[50:60]) == (0, 60)
    assert read_bounds(rows[3:]) == (7, 13)
    assert read_bounds(rows[3:].limit(1)) == (1, 13)


def read_bounds(rows: Any) -> tuple[int | None, int | None]:
    query, params = rows.query, rows.params
    return (
        None if query.limit is None else params[query.limit],
        None if query.offset is None else params[query.offset],
    )


def test_slices_have_no_steps_and_no_ends_from_behind(book: Any) -> None:
    """A database cannot count from the end."""
    with pytest.raises(FieldError, match="no steps"):
        _ = book.objects.all()[::2]
    with pytest.raises(FieldError, match="reverse"):
        _ = book.objects.all()[-3:]
    with pytest.raises(FieldError, match="whole numbers of 0 or more"):
        _ = book.objects.all()[-1]
    with pytest.raises(FieldError, match="a position is a whole number, not str"):
        _ = book.objects.all()["title"]


@pytest.mark.parametrize("method", ["filter", "exclude", "order_by", "reverse", "distinct", "last"])
def test_slices_do_not_change_their_rows(book: Any, method: str) -> None:
    """What comes after a slice would have to come before it."""
    for rows in (book.objects.limit(1), book.objects.offset(1), book.objects.all()[:3]):
        with pytest.raises(TypeError, match=rf"{method}\(\) would change which rows a slice has"):
            getattr(rows, method)()


def test_annotations_come_in_order(book: Any) -> None:
    """A later one may use an earlier one."""
    rows = book.objects.annotate(n=F("price") + 1, low=Lower("title")).annotate(m=F("n"))
    assert [name for name, _ in rows.query.annotations] == ["n", "low", "m"]
    assert rows.params == (1,)
    assert rows.query.columns is None
    assert rows.query.grouped is None


@pytest.mark.parametrize(
    "name", ["a__b", "_a", "a b", "a;drop", "9a", "über", "a" * 64, "title", "pk", "save", "objects", "", 'a"b']
)
def test_names_of_annotations_are_checked(book: Any, name: str) -> None:
    """They become names in SQL and of attributes."""
    with pytest.raises(FieldError, match=r"cannot be the name of an annotation|already"):
        book.objects.annotate(**{name: F("price")})


def test_a_name_is_given_once(book: Any) -> None:
    """A second annotation of the name would make the first one unreachable."""
    with pytest.raises(FieldError, match="something called 'n' already"):
        book.objects.annotate(n=F("price")).annotate(n=F("title"))


def test_annotations_are_expressions(book: Any) -> None:
    """A text could be a field or a text, so it is neither."""
    with pytest.raises(
        FieldError, match=r"annotate\(n=\.\.\.\) takes an expression, not str; a plain value is written"
    ):
        book.objects.annotate(n="title")
    assert book.objects.annotate(n=Value("title")).params == ("title",)


def test_aggregates_after_values_make_groups(book: Any) -> None:
    """What was named before is what rows are put together by."""
    rows = book.objects.values("genre").annotate(n=Count("id")).annotate(m=F("n") + 1)
    assert rows.query.grouped == ("genre",)
    assert rows.query.columns == ("genre", "n", "m")
    assert book.objects.values("genre").annotate(n=Lower("title")).query.grouped is None
    assert book.objects.values().annotate(n=Sum("price")).query.grouped == ("id", "title", "genre", "price")
    assert book.objects.annotate(n=Count("id")).values("genre", "n").query.grouped is None


def test_using_names_a_database(book: Any) -> None:
    """None goes back to the one of the model."""
    rows = book.objects.using("other")
    assert rows.db_alias == "other"
    assert rows.filter(price=1).db_alias == "other"
    assert rows.using(None).db_alias is None
    with pytest.raises(TypeError, match="takes the alias of a database"):
        book.objects.using(5)


def test_none_stays_none(book: Any) -> None:
    """Nothing that is added later finds a row; as part of another query it is false."""
    rows = book.objects.none().filter(price=1).values("title")
    assert rows.is_none
    assert d.Or(()) in rows.query.where


def test_repr_asks_nothing(book: Any) -> None:
    """A debugger shows query sets, and should neither send queries nor show values."""
    rows = book.objects.filter(title="hunter2")
    assert repr(rows) == f"<QuerySet of {book._meta.label}, not read yet>"
    assert repr(rows.values()).startswith("<DictQuerySet of ")
