"""Every kind of statement as Oracle and SQL Server get it; no server of them has run these texts.

The expected texts stand in ``queries``, a file an engine. They follow the references of
the vendors.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from openviper.conf import settings
from openviper.db import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
    fields,
    functions,
)
from openviper.db.compiler.bulk import Conflict, bulk_insert_plan, bulk_update_plan
from openviper.db.compiler.change import change_plan
from openviper.db.compiler.write import insert_plan, update_plan
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.models import Model
from openviper.db.query.description import Param
from openviper.db.query.writes import Delete, Update
from tests.unit.db.compiler.foreign import make_shop, one_line, sql_of, values_of

ENGINES: Final = ("oracle", "mssql")
FOLDER: Final = Path(__file__).parent / "queries"


def lookups() -> dict[str, Any]:
    """Give query sets: what compares fields with values and with each other."""
    author, book = make_shop()
    return {
        "exact": book.objects.filter(title="x").only("pk"),
        "exact number": book.objects.filter(pages=1).only("pk"),
        "exclude": book.objects.exclude(title="x").only("pk"),
        "iexact": book.objects.filter(title__iexact="x").only("pk"),
        "contains": book.objects.filter(title__contains="x").only("pk"),
        "icontains": book.objects.filter(title__icontains="x").only("pk"),
        "startswith": book.objects.filter(title__startswith="x").only("pk"),
        "istartswith": book.objects.filter(title__istartswith="x").only("pk"),
        "endswith": book.objects.filter(title__endswith="x").only("pk"),
        "iendswith": book.objects.filter(title__iendswith="x").only("pk"),
        "contains a column": book.objects.filter(title__contains=F("author__name")).only("pk"),
        "startswith a column": book.objects.filter(title__startswith=F("text")).only("pk"),
        "endswith a column": book.objects.filter(title__endswith=F("text")).only("pk"),
        "icontains a column": book.objects.filter(title__icontains=F("text")).only("pk"),
        "gt": book.objects.filter(pages__gt=1).only("pk"),
        "lte": book.objects.filter(pages__lte=1).only("pk"),
        "range": book.objects.filter(pages__range=(1, 2)).only("pk"),
        "isnull": book.objects.filter(pages__isnull=True).only("pk"),
        "in": book.objects.filter(pages__in=[1, 2, 3]).only("pk"),
        "in none": book.objects.filter(pages__in=[]).only("pk"),
        "not in": book.objects.exclude(pages__in=[1, 2]).only("pk"),
        "in rows": book.objects.filter(author__in=author.objects.filter(name="x")).only("pk"),
        "boolean": book.objects.filter(ok=True).only("pk"),
        "or": book.objects.filter(Q(pages=1) | Q(ok=False)).only("pk"),
    }


def shapes() -> dict[str, Any]:
    """Give query sets: what joins, sorts, cuts, groups and locks rows."""
    author, book = make_shop()
    writers = author.objects.filter(pk=OuterRef("author_id"))
    return {
        "join": book.objects.filter(author__name="x").select_related("author").only("pk", "author__name"),
        "reverse": author.objects.filter(books__pages=1),
        "order": book.objects.order_by("-pages", F("rate").asc(nulls_first=True)).only("pk"),
        "chance": book.objects.order_by("?").only("pk"),
        "limit": book.objects.only("pk").limit(3),
        "limit in order": book.objects.order_by("pages").only("pk").limit(3),
        "offset": book.objects.only("pk").offset(5),
        "slice": book.objects.order_by("pk").only("pk")[2:7],
        "distinct": book.objects.values_list("title").distinct(),
        "distinct with a limit": book.objects.values_list("title").distinct().limit(2),
        "groups": book.objects.values("author").annotate(n=Count("pk"), s=Sum("pages"), p=Sum("price")),
        "averages": book.objects.values("author").annotate(a=Avg("pages"), p=Avg("price"), r=Avg("rate")),
        "extremes": book.objects.values("author").annotate(a=Min("sold_at"), b=Max("title")),
        "count of distinct": book.objects.values("author").annotate(n=Count("title", distinct=True)).filter(n__gt=2),
        "conditional sum": book.objects.values("author").annotate(s=Sum("pages", filter=Q(ok=True))),
        "exists": book.objects.filter(Exists(writers)).only("pk"),
        "exists as a value": book.objects.annotate(z=Exists(writers)).values_list("z"),
        "subquery": book.objects.annotate(z=Subquery(writers.values_list("name", flat=True)[:1])).values_list("z"),
        "case": book.objects.annotate(z=Case(When(pages__gt=1, then=Value("a")), default=Value("b"))).values_list("z"),
        "lock": book.objects.only("pk").select_for_update(),
        "lock nowait": book.objects.filter(author__name="x").only("pk").select_for_update(nowait=True),
        "lock skipping": book.objects.only("pk").select_for_update(skip_locked=True),
        "lock with a limit": book.objects.filter(pages=1).only("pk").select_for_update().limit(2),
    }


def expressions() -> dict[str, Any]:
    """Give query sets: what computes with fields."""
    _, book = make_shop()
    short = fields.CharField(max_length=9)
    return {
        "plus": book.objects.annotate(z=F("pages") + 1).values_list("z"),
        "quotient of whole numbers": book.objects.annotate(z=F("pages") / 2).values_list("z"),
        "quotient of decimals": book.objects.annotate(z=F("price") / F("pages")).values_list("z"),
        "remainder": book.objects.annotate(z=F("pages") % 2).values_list("z"),
        "moment and duration": book.objects.annotate(z=F("sold_at") + timedelta(days=1)).values_list("z"),
        "between moments": book.objects.annotate(z=F("sold_at") - F("sold_at")).values_list("z"),
        "day and duration": book.objects.annotate(z=F("born") + timedelta(days=1)).values_list("z"),
        "between days": book.objects.annotate(z=F("born") - F("born")).values_list("z"),
        "concat": book.objects.annotate(z=functions.Concat("title", Value("x"))).values_list("z"),
        "lower": book.objects.annotate(z=functions.Lower("title")).values_list("z"),
        "length": book.objects.annotate(z=functions.Length("title")).values_list("z"),
        "substr": book.objects.annotate(z=functions.Substr("title", 2)).values_list("z"),
        "substr of a length": book.objects.annotate(z=functions.Substr("title", 2, 3)).values_list("z"),
        "greatest": book.objects.annotate(z=functions.Greatest("pages", Value(3))).values_list("z"),
        "least": book.objects.annotate(z=functions.Least("pages", Value(3))).values_list("z"),
        "coalesce": book.objects.annotate(z=functions.Coalesce("pages", Value(0))).values_list("z"),
        "now": book.objects.annotate(z=functions.Now()).values_list("z"),
        "round": book.objects.annotate(z=functions.Round("rate")).values_list("z"),
        "ceil": book.objects.annotate(z=functions.Ceil("rate")).values_list("z"),
        "cast to a number": book.objects.annotate(z=functions.Cast("title", fields.IntegerField())).values_list("z"),
        "cast to a text": book.objects.annotate(z=functions.Cast("pages", short)).values_list("z"),
    }


def moments() -> dict[str, Any]:
    """Give query sets: what takes parts of moments."""
    _, book = make_shop()
    return {
        "year": book.objects.filter(sold_at__year=1).only("pk"),
        "month": book.objects.filter(sold_at__month=1).only("pk"),
        "day": book.objects.filter(sold_at__day=1).only("pk"),
        "week": book.objects.filter(sold_at__week=1).only("pk"),
        "week_day": book.objects.filter(sold_at__week_day=1).only("pk"),
        "quarter": book.objects.filter(sold_at__quarter=1).only("pk"),
        "hour": book.objects.filter(sold_at__hour=1).only("pk"),
        "minute": book.objects.filter(sold_at__minute=1).only("pk"),
        "second": book.objects.filter(sold_at__second=1).only("pk"),
        "date": book.objects.filter(sold_at__date=date(2026, 1, 1)).only("pk"),
        "time": book.objects.filter(sold_at__time=time(1)).only("pk"),
        "hour of a time": book.objects.filter(opens__hour=1).only("pk"),
    }


def combinations() -> dict[str, Any]:
    """Give query sets: what puts several together, and what looks at the rows beside a row."""
    author, book = make_shop()
    some, others = (author.objects.filter(pk__gt=limit).values_list("pk") for limit in (1, 2))
    place = Window(functions.RowNumber(), partition_by=[F("author")], order_by=[F("pages").desc()])
    ranked = book.objects.annotate(place=place)
    return {
        "union": some.union(others),
        "union of all": some.union(others, all=True).order_by("pk"),
        "union with limits": some[:2].union(others[:3])[:4],
        "intersection": some.intersection(others),
        "difference": some.difference(others),
        "number in a window": ranked.values_list("place"),
        "condition on a window": ranked.filter(place=1).values_list("pk"),
        "sum of a window": book.objects.annotate(z=Window(Sum("pages"), order_by=[F("pk")])).values_list("z"),
    }


def writes(engine: str) -> Iterator[tuple[str, str]]:
    """Give the texts of statements that write, by what they show."""
    (author, book), dialect = make_shop(), get_dialect(engine)
    one, many = book._meta, author._meta
    yield "insert", insert_plan(one, dialect, makes_key=True).sql
    yield "insert with a key", insert_plan(one, dialect, makes_key=False).sql
    yield "update", update_plan(one, dialect, ("title", "pages")).sql
    yield "insert of many", bulk_insert_plan(many, dialect, makes_keys=True).sql(2)
    yield "insert of many with keys", bulk_insert_plan(many, dialect, makes_keys=False).sql(2)
    yield "insert of none that are there", bulk_insert_plan(many, dialect, makes_keys=False, conflict=Conflict()).sql(2)
    taken = Conflict(("id",), ("name",))
    yield "insert or update", bulk_insert_plan(many, dialect, makes_keys=False, conflict=taken).sql(2)
    yield "update of many", bulk_update_plan(many, dialect, ("name",)).sql(2)
    rows = book.objects.filter(pages__gt=1).query._replace(mode="flat", columns=("pk",))
    yield "update where", change_plan(Update(rows, (("ok", Param(1)),)), dialect).sql
    yield "delete where", change_plan(Delete(rows), dialect).sql
    cut = book.objects.order_by("pages").limit(2).query._replace(mode="flat", columns=("pk",))
    yield "delete with a limit", change_plan(Delete(cut), dialect).sql


KINDS: Final = (lookups, shapes, expressions, moments, combinations)


def expected(engine: str) -> dict[str, str]:
    """Read the texts of an engine: a comment with the name, and the statement in the next line."""
    lines = (FOLDER / f"{engine}.sql").read_text().splitlines()
    return {name.removeprefix("-- "): text for name, text in zip(lines[::2], lines[1::2], strict=True)}


@pytest.mark.parametrize("engine", ENGINES)
def test_statements_are_as_written_down(engine: str) -> None:
    """Each text is that of the file: lookups, joins, orders, limits, groups, functions, locks and writes (C-011vh)."""
    found = {name: sql_of(rows, engine) for make in KINDS for name, rows in make().items()}
    found |= {name: one_line(sql) for name, sql in writes(engine)}
    assert found == expected(engine)


@pytest.mark.parametrize(("engine", "mark"), [("oracle", ":1"), ("mssql", "?")])
def test_modes_of_a_query(engine: str, mark: str) -> None:
    """Counting and asking whether there is a row send no columns."""
    _, book = make_shop()
    rows = book.objects.filter(pages=1)
    assert sql_of(rows, engine, mode="count") == f"SELECT count(*) AS count_1 FROM book WHERE book.pages = {mark}"
    end = {"oracle": "", "mssql": " ORDER BY (SELECT NULL) OFFSET 0 ROWS"}[engine]
    assert sql_of(rows, engine, mode="exists") == (
        f"SELECT 1 FROM book WHERE book.pages = {mark}{end} FETCH FIRST 1 ROWS ONLY"
    )


@pytest.mark.parametrize(
    ("engine", "source"),
    [
        ("oracle", "(SELECT v FROM json_table(:1, '$[*]' COLUMNS (v NUMBER PATH '$')))"),
        ("mssql", "(SELECT v FROM OPENJSON(?) WITH (v BIGINT '$'))"),
    ],
)
def test_long_list_is_one_value(engine: str, source: str) -> None:
    """Oracle takes 1,000 items in brackets and SQL Server 2,100 values; a text of JSON holds as many as one likes."""
    _, book = make_shop()
    rows = book.objects.filter(pages__in=range(2500)).only("pk")
    assert sql_of(rows, engine) == f"SELECT book.id FROM book WHERE (book.pages IN {source})"
    (text,) = values_of(rows, engine)
    assert str(text).startswith("[0,1,2,")


@pytest.mark.parametrize(("engine", "pattern"), [("oracle", "%50\\%\\_[x\\\\%"), ("mssql", "%50\\%\\_\\[x\\\\%")])
def test_text_means_itself_in_a_pattern(engine: str, pattern: str) -> None:
    """SQL Server has a third sign that stands for others."""
    _, book = make_shop()
    assert values_of(book.objects.filter(title__contains="50%_[x\\"), engine) == (pattern,)


def test_regular_expressions_are_those_of_oracle_alone() -> None:
    """SQL Server has none, and says so before anything is sent."""
    _, book = make_shop()
    rows = book.objects.filter(title__iregex="^a").only("pk")
    assert sql_of(rows, "oracle") == "SELECT book.id FROM book WHERE regexp_like(book.title, :1, 'i')"
    with pytest.raises(DatabaseOperationNotSupportedError, match="mssql has no operation 'iregex'"):
        sql_of(rows, "mssql")


@pytest.mark.parametrize("lookup", ["data", "text", "text__gt"])
def test_oracle_compares_no_long_texts(lookup: str) -> None:
    """They are columns of a kind that it has no equality for; patterns find what is in them."""
    _, book = make_shop()
    with pytest.raises(FieldError, match=r"data|text"):
        sql_of(book.objects.filter(**{lookup: "x"}), "oracle")
    assert "LIKE" in sql_of(book.objects.filter(text__contains="x"), "oracle")
    assert "book.data = ?" in sql_of(book.objects.filter(data={"a": 1}), "mssql")


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        (
            "oracle",
            "extract(month from CAST(from_tz(book.sold_at, 'UTC') AT TIME ZONE 'Europe/Berlin' AS TIMESTAMP(6))) = :1",
        ),
        ("mssql", "WHEN book.sold_at >= '2026-03-29T01:00:00' THEN 7200"),
    ],
)
def test_parts_of_a_moment_are_those_of_the_time_zone(engine: str, text: str) -> None:
    """Oracle knows zones by their names; SQL Server knows other names, so it is told the moments of change."""
    settings.configure(TIME_ZONE="Europe/Berlin")
    _, book = make_shop()
    sql = sql_of(book.objects.filter(sold_at__month=1), engine)
    assert text in sql
    if engine == "mssql":
        assert "datepart(month, dateadd(second, CASE WHEN book.sold_at >= '2" in sql
        assert sql.endswith("ELSE 3208 END, book.sold_at)) = ?")


@pytest.mark.parametrize(("engine", "name"), [("oracle", '"order"'), ("mssql", "[order]")])
def test_names_are_quoted_where_they_have_to_be(engine: str, name: str) -> None:
    """Each engine has its own quotes."""

    class Line(Model):
        order = fields.IntegerField()

        class Meta:
            table_name = "line"

    assert f"line.{name}" in sql_of(Line.objects.filter(order=1), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_of_many_columns_fit_the_parameters(engine: str) -> None:
    """SQL Server takes some two thousand values in a statement, so large batches are divided."""
    _, book = make_shop()
    plan = bulk_insert_plan(book._meta, get_dialect(engine), makes_keys=True)
    sizes = [part.stop - part.start for part in plan.split(300)]
    assert sum(sizes) == 300
    assert max(sizes) * len(plan.fields) <= get_dialect(engine).features.max_parameters


def test_keys_come_in_the_order_of_the_rows() -> None:
    """OUTPUT gives them in any order, and they were counted up in that of the rows."""
    author, _ = make_shop()
    plan = bulk_insert_plan(author._meta, get_dialect("mssql"), makes_keys=True)
    assert plan.in_order([(9,), (7,), (8,)]) == [(7,), (8,), (9,)]
    oracle = bulk_insert_plan(author._meta, get_dialect("oracle"), makes_keys=True)
    assert oracle.in_order([(9,), (7,)]) == [(9,), (7,)]


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        ("oracle", "INSERT INTO mark (id) VALUES (DEFAULT) RETURNING id INTO :1"),
        ("mssql", "INSERT INTO mark OUTPUT inserted.id DEFAULT VALUES"),
    ],
)
def test_row_of_which_nothing_is_said(engine: str, text: str) -> None:
    """A table of keys alone gets rows too, one by one and several at once."""

    class Mark(Model):
        class Meta:
            table_name = "mark"

    dialect = get_dialect(engine)
    assert insert_plan(Mark._meta, dialect, makes_key=True).sql == text
    assert bulk_insert_plan(Mark._meta, dialect, makes_keys=True).sql(1) == text


def test_any_unique_column_may_be_in_the_way() -> None:
    """All groups of them stand in the condition, each of which has to be given."""

    class Seat(Model):
        row = fields.CharField(max_length=2)
        number = fields.IntegerField()
        code = fields.CharField(max_length=5, unique=True)

        class Meta:
            table_name = "seat"
            unique_together = ("row", "number")

    text = bulk_insert_plan(Seat._meta, get_dialect("mssql"), makes_keys=True, conflict=Conflict()).sql(1)
    target, rows = "_openviper_target", "_openviper_rows"
    assert (
        f"ON (({target}.code = {rows}.code) OR ({target}.row = {rows}.row AND {target}.number = {rows}.number))" in text
    )
