"""Paths through many-to-many relations: which rows they mean, what is counted along them, what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, QueryError
from openviper.db.models import (
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
)
from openviper.db.monitor import max_queries
from tests.contract.orm.pairs import pair
from tests.contract.orm.web import WebEditing, WebLink, WebPage, WebTag, WebWriter


@pytest.fixture
async def web(database: Database) -> Database:
    """Three pages: one with the tags a and b, one with b, one without; the tag c has no page."""
    ann, bob, cleo = await WebWriter.objects.bulk_create([WebWriter(name=one) for one in ("Ann", "Bob", "Cleo")])
    a, b, c = await WebTag.objects.bulk_create([WebTag(name=name, weight=n) for n, name in enumerate("abc", start=1)])
    pages = [WebPage(title="North", writer=ann), WebPage(title="South", writer=ann), WebPage(title="West")]
    north, south, west = await WebPage.objects.bulk_create(pages)
    await pair(WebPage.tags.through, (north, a), (north, b), (south, b))
    await pair(WebWriter.reads.through, (ann, bob), (bob, cleo), (cleo, ann), (ann, ann))
    await pair(WebWriter.knows.through, (ann, bob), (bob, ann))
    await pair(WebWriter.favourites.through, (bob, north), (cleo, north), (cleo, west))
    edited = [(north, bob, "text"), (north, bob, "maps"), (north, cleo, "text"), (west, None, "text")]
    await WebEditing.objects.bulk_create([WebEditing(page=one, writer=who, role=role) for one, who, role in edited])
    links = [(b, "x"), (b, "y"), (c, "z")]
    await WebLink.objects.bulk_create([WebLink(tag=tag, address=address) for tag, address in links])
    return database


async def pages(*conditions: Any, **lookups: Any) -> str:
    """Give the first letters of the pages that meet a condition, each as often as it comes."""
    return initials(await WebPage.objects.filter(*conditions, **lookups).values_list("title", flat=True))


async def writers(*conditions: Any, **lookups: Any) -> str:
    """Give the first letters of the writers that meet a condition, each as often as they come."""
    return initials(await WebWriter.objects.filter(*conditions, **lookups).values_list("name", flat=True))


def initials(names: list[Any]) -> str:
    return "".join(sorted(name[0] for name in names))


async def by_title(annotated: Any, *names: str) -> list[Any]:
    return [tuple(row) for row in await annotated.order_by("title").values_list(*names)]


async def test_pairs_are_compared_with_rows_of_the_other_side(web: Database) -> None:
    """A relation is compared with an instance, a key, a list of both, or a query set; each row comes once (C-011w)."""
    a, b, _ = await WebTag.objects.order_by("name")

    assert await pages(tags=a) == "N"
    assert await pages(tags=b.pk) == "NS"
    assert await pages(tags__exact=str(b.pk)) == "NS"
    assert await pages(tags__pk=b.pk) == "NS"
    assert await pages(tags__in=[a, b.pk]) == "NS"
    assert await pages(tags__in=[]) == ""
    assert await pages(tags__in=WebTag.objects.filter(name="a")) == "N"
    assert await pages(tags__name__in=WebTag.objects.values_list("name", flat=True)) == "NS"
    assert await pages(tags__gt=a.pk) == "NS"
    assert await pages(tags__isnull=True) == "W"
    assert await pages(tags__isnull=False) == "NS"
    assert await pages(tags=None) == "W"
    assert await pages(tags__pk__isnull=False) == "NS"


async def test_pairs_are_followed_both_ways(web: Database) -> None:
    """A path goes to the rows of the other side and on from there, from either side (C-011w)."""
    assert await pages(tags__name="b") == "NS"
    assert await pages(tags__name__startswith="a") == "N"
    assert await pages(tags__links__address="y") == "NS"
    assert await writers(pages__tags__name="a") == "A"
    assert await writers(favourites__tags__name="a") == "BC"
    assert await pages(fans__name="Cleo") == "NW"
    assert await pages(writer__reads__name="Bob") == "NS"
    assert initials(await WebTag.objects.filter(pages__title="North").values_list("name", flat=True)) == "ab"
    assert initials(await WebTag.objects.filter(pages__writer__name="Ann").values_list("name", flat=True)) == "ab"
    assert await WebLink.objects.filter(tag__pages__title="South").count() == 2


async def test_relations_of_a_model_to_itself_have_two_ways(web: Database) -> None:
    """Who is read is told apart from who reads; a pair that is symmetrical is stored both ways."""
    assert await writers(reads__name="Ann") == "AC"
    assert await writers(readers__name="Ann") == "AB"
    assert await writers(knows__name="Ann") == "B"
    assert await writers(knows=None) == "C"
    assert await writers(reads=F("id")) == "A"
    assert await writers(reads__reads__name="Cleo") == "A"


async def test_conditions_of_one_filter_mean_one_pair(web: Database) -> None:
    """Parts of one filter() look at the same row of the other side, two filters at any two (C-011wa)."""
    north = WebPage.objects.filter(tags__name="b")

    assert await pages(tags__name="b", tags__weight=1) == ""
    assert await pages(tags__name="b", tags__weight=2) == "NS"
    assert initials(await north.filter(tags__weight=1).values_list("title", flat=True)) == "N"
    assert await pages(Q(tags__name="a") | Q(title="West")) == "NW"
    assert await pages(Q(tags__name="a") | Q(tags__weight=2)) == "NS"
    assert await pages(tags__name="b", fans__name="Bob") == "N"
    assert await pages(tags__pages__title="South", tags__pages__tags__name="a") == ""
    assert await pages(tags__pages__title="North", tags__pages__tags__name="a") == "NS"


async def test_conditions_of_one_filter_mean_one_pair_beside_others(web: Database) -> None:
    """Parts of one filter() are about the same row on either side of an OR with other fields, too (C-011wa)."""
    heavy = Q(tags__weight=1) | Q(title="no")

    assert await pages(heavy, tags__name="b") == ""
    assert await pages(heavy, tags__name="a") == "N"
    assert await pages(Q(tags__weight__in=[1, 5]) | Q(title="South"), tags__name__in=["b", "c"]) == "S"
    assert await pages(Q(tags__weight=2) | Q(title="West"), Q(tags__name="a") | Q(title="West")) == "W"
    assert await pages(heavy & (Q(fans__name="Bob") | Q(tags__name="b")), tags__name="b") == ""
    assert await pages(Q(Q(tags__weight=1), title="North"), tags__name="b") == ""
    assert await pages(~(heavy & Q(tags__name="b"))) == "NSW"
    assert await pages(~(heavy & Q(tags__name="a"))) == "SW"
    assert await pages(Q(tags__pages__title="South") | Q(title="no"), tags__pages__tags__name="a") == ""
    assert await pages(heavy) == "N"


async def test_what_is_denied_means_rows_of_its_own(web: Database) -> None:
    """A denied part of a filter() is about all rows, also within an OR whose other parts are about one (C-011wa)."""
    other = Q(tags__weight=5) | ~Q(tags__name="a")

    assert await pages(other, tags__weight=2) == "S"
    assert await pages(Q(tags__weight=5) | Q(tags=None), Q(tags__name="b") | Q(title="West")) == "W"
    assert await pages(Q(tags__weight=5) | Q(tags__isnull=False), tags__name="b") == "NS"
    assert await pages(~Q(other, tags__weight=2)) == "NW"
    assert await pages(~Q(Q(tags__weight=1) | Q(title="West"), Q(tags__name="b") | Q(title="West"))) == "NS"
    many = [Q(tags__weight=1) | Q(title=str(number)) for number in range(40)]
    assert await pages(*many) == "N"
    assert await pages(*many, tags__name="b") == ""


async def test_exclusion_keeps_rows_without_pairs(web: Database) -> None:
    """exclude() takes away the rows that have such a pair, and keeps those that have none at all (C-011wa)."""
    exclude = WebPage.objects.exclude

    assert initials(await exclude(tags__name="a").values_list("title", flat=True)) == "SW"
    assert initials(await exclude(tags__name="b", tags__weight=1).values_list("title", flat=True)) == "NSW"
    assert initials(await exclude(tags__isnull=True).values_list("title", flat=True)) == "NS"
    assert initials(await exclude(tags__in=[]).values_list("title", flat=True)) == "NSW"
    assert await pages(~Q(tags__name="a") & ~Q(tags=None)) == "S"
    assert await pages(~Q(tags__links__address="x")) == "W"
    assert await writers(~Q(reads=F("id"))) == "BC"


async def test_five_relations_are_followed(web: Database) -> None:
    """Each many-to-many relation counts as one of the five that a path may have (C-011w)."""
    assert await pages(tags__pages__tags__pages__tags__name="a") == "NS"
    assert await pages(tags__pages__fans__reads__readers__name="Ann") == "NS"
    assert await writers(favourites__tags__links__tag__pages__title="South") == "BC"
    for path in ("tags__pages__tags__pages__tags__pages__title", "tags__pages__writer__reads__reads__reads__name"):
        with pytest.raises(FieldError, match="goes through more than 5 relations"):
            await pages(**{path: "x"})


async def test_pairs_of_a_model_that_is_written_for_them(web: Database) -> None:
    """They may come twice and lead to nobody; the columns beside the keys are asked for by the reverse name."""
    assert await pages(editors__name="Bob") == "N"
    assert await pages(editors__isnull=False) == "N"
    assert await pages(editors=None) == "SW"
    assert await writers(edited__title="North") == "BC"
    assert await pages(editings__role="maps", editings__writer__name="Cleo") == ""
    assert await pages(editings__role="maps", editings__writer__name="Bob") == "N"
    assert await by_title(
        WebPage.objects.annotate(n=Count("editors"), d=Count("editors", distinct=True)), "n", "d"
    ) == [
        (3, 2),
        (0, 0),
        (0, 0),
    ]


async def test_other_queries_look_through_pairs(web: Database) -> None:
    """Subqueries and conditions of theirs take such a path as any other."""
    tags = WebTag.objects.filter(pages=OuterRef("pk"))
    last = Subquery(tags.order_by("-name").values("name")[:1])

    assert await pages(Exists(tags.filter(name="a"))) == "N"
    assert await by_title(WebPage.objects.annotate(last=last), "title", "last") == [
        ("North", "b"),
        ("South", "b"),
        ("West", None),
    ]
    assert await pages(tags__name=Subquery(WebTag.objects.filter(weight=1).values("name")[:1])) == "N"
    assert await pages(pk__in=WebPage.objects.filter(tags__name="b").values("pk")) == "NS"
    assert await WebPage.objects.filter(tags__name="b").exists()
    assert await WebPage.objects.filter(tags__name__in=["a", "b"]).count() == 2


async def test_pairs_are_counted(web: Database) -> None:
    """Aggregates take the rows of the other side of each row; several of them do not multiply each other (C-011wb)."""
    counted = WebPage.objects.annotate(tagged=Count("tags"), liked=Count("fans"), weight=Sum("tags__weight"))
    assert await by_title(counted, "title", "tagged", "liked", "weight") == [
        ("North", 2, 2, Decimal(3)),
        ("South", 1, 0, Decimal(2)),
        ("West", 0, 1, None),
    ]
    ranged = WebPage.objects.annotate(low=Min("tags__name"), high=Max("tags__name"), mean=Avg("tags__weight"))
    assert await by_title(ranged, "low", "high", "mean") == [
        ("a", "b", Decimal("1.5")),
        ("b", "b", Decimal(2)),
        (None, None, None),
    ]
    assert initials(await counted.filter(tagged__gt=1).values_list("title", flat=True)) == "N"
    assert await WebPage.objects.order_by(Count("tags").desc()).values_list("title", flat=True) == [
        "North",
        "South",
        "West",
    ]
    by_sum = WebPage.objects.annotate(n=Sum(F("tags__weight") * F("tags__weight")))
    assert await by_title(by_sum, "n") == [(Decimal(5),), (Decimal(4),), (None,)]


async def test_longer_paths_are_counted(web: Database) -> None:
    """A row of the far end counts as often as pairs lead to it, and once with distinct (C-011wb)."""
    far = WebPage.objects.annotate(n=Count("tags__pages"), d=Count("tags__pages", distinct=True))
    assert await by_title(far, "n", "d") == [(3, 2), (2, 2), (0, 0)]
    assert await by_title(WebPage.objects.annotate(n=Count("tags__links")), "n") == [(2,), (2,), (0,)]
    assert await by_title(WebPage.objects.annotate(n=Count("writer__reads")), "n") == [(2,), (2,), (0,)]
    by_writer = WebWriter.objects.annotate(n=Count("pages__tags"), s=Sum("pages__tags__weight")).order_by("name")
    assert await by_writer.values_list("n", "s") == [(3, Decimal(5)), (0, None), (0, None)]
    by_tag = WebTag.objects.annotate(n=Count("pages__writer__pages")).order_by("name")
    assert await by_tag.values_list("n", flat=True) == [2, 4, 0]
    five = WebPage.objects.annotate(n=Count("tags__pages__tags__pages__tags", distinct=True))
    assert await by_title(five, "n") == [(2,), (2,), (0,)]
    with pytest.raises(FieldError, match="goes through more than 5 relations"):
        await WebPage.objects.annotate(n=Count("tags__pages__tags__pages__tags__pages"))


async def test_conditions_of_aggregates_look_at_the_same_pairs(web: Database) -> None:
    """What filter= asks of the relation that is counted is asked of each row that counts (C-011wb)."""
    count = WebPage.objects.annotate

    assert await by_title(count(n=Count("tags", filter=Q(tags__name="b"))), "n") == [(1,), (1,), (0,)]
    assert await by_title(count(n=Count("tags", filter=~Q(tags__name="b"))), "n") == [(1,), (0,), (0,)]
    assert await by_title(count(n=Count("tags", filter=Q(title="North"))), "n") == [(2,), (0,), (0,)]
    assert await by_title(count(n=Count("tags", filter=Q(fans__name="Bob"))), "n") == [(2,), (0,), (0,)]
    assert await by_title(count(n=Count("tags", filter=Q(tags__links__address="x"))), "n") == [(1,), (1,), (0,)]
    again = Count("tags__pages", filter=Q(tags__pages__title=F("title")))
    assert await by_title(count(n=again), "n") == [(2,), (1,), (0,)]
    other = Count("tags__pages", filter=Q(tags__pages__tags__name="a", tags__name="b"))
    assert await by_title(count(n=other), "n") == [(1,), (1,), (0,)]


async def test_cases_and_other_queries_stand_in_aggregates(web: Database) -> None:
    """A CASE sees the row that counts; what stands in no aggregate asks whether there is such a pair."""
    annotate = WebPage.objects.annotate
    case = Case(When(tags__name="b", then=F("tags__weight")), default=Value(Decimal(0)))
    same = Subquery(WebTag.objects.filter(name="a", pages__title=OuterRef("title")).values("name"))

    assert await by_title(annotate(n=Sum(case)), "n") == [(Decimal(2),), (Decimal(2),), (None,)]
    marked = annotate(has=Case(When(tags__name="a", then=Value("yes")), default=Value("no")))
    assert await by_title(marked, "has") == [("yes",), ("no",), ("no",)]
    first = annotate(size=F("id")).annotate(n=Count("tags", filter=Q(size__gt=0)))
    assert await by_title(first, "n") == [(2,), (1,), (0,)]
    assert await by_title(annotate(n=Count("tags", filter=Q(tags__name__in=same))), "n") == [(1,), (0,), (0,)]
    with pytest.raises(FieldError, match="two relations to many rows; make two aggregates of it"):
        await annotate(n=Sum(F("tags__weight") + F("fans__id")))
    twice = WebTag.objects.annotate(n=Count("pages")).filter(n=2)
    assert await pages(tags__in=twice) == "NS"


async def test_rows_are_put_together_through_pairs(web: Database) -> None:
    """aggregate() and groups take what all of their rows have together."""
    together = await WebPage.objects.aggregate(n=Count("tags"), s=Sum("tags__weight"), a=Avg("tags__weight"))
    assert (together["n"], together["s"]) == (3, Decimal(5))
    assert float(together["a"]) == pytest.approx(5 / 3, abs=0.01)
    groups = WebPage.objects.values("writer__name").annotate(n=Count("tags"), best=Max("tags__name"))
    found = {row["writer__name"]: (row["n"], row["best"]) for row in await groups}
    assert found == {"Ann": (3, "b"), None: (0, None)}
    once = {"n": Count("tags", distinct=True), "s": Sum("tags__weight", distinct=True), "all": Count("tags")}
    assert await WebPage.objects.aggregate(**once) == {"n": 2, "s": Decimal(3), "all": 3}
    by_writer = WebPage.objects.values("writer__name").annotate(**once)
    assert {row["writer__name"]: (row["n"], row["s"], row["all"]) for row in await by_writer} == {
        "Ann": (2, Decimal(3), 3),
        None: (0, None, 0),
    }
    far = Count("tags__pages__tags", distinct=True, filter=Q(tags__name="b"))
    assert await WebPage.objects.filter(tags__name="b").aggregate(n=far) == {"n": 2}
    assert await WebPage.objects.filter(tags__name="a").aggregate(n=Count("editors", distinct=True)) == {"n": 2}


async def test_many_rows_stand_in_no_column(web: Database) -> None:
    """What would need one value a row is refused with words that say what to do instead."""
    leads = "leads to many rows of orm.WebTag; count or sum them"
    for asked in (
        WebPage.objects.values("tags"),
        WebPage.objects.values_list("tags__name", flat=True),
        WebPage.objects.order_by("tags__name"),
        WebPage.objects.order_by("-tags"),
        WebPage.objects.annotate(name=F("tags__name")),
    ):
        with pytest.raises(FieldError, match=leads):
            await asked
    with pytest.raises(FieldError, match=r"'tags' of orm.WebPage, which leads to many rows; use prefetch_related"):
        await WebPage.objects.select_related("tags")
    with pytest.raises(FieldError, match=r"'fans' of orm.WebPage, which leads to many rows; use prefetch_related"):
        await WebPage.objects.select_related("fans")
    for asked in (WebPage.objects.only("tags"), WebPage.objects.defer("tags")):
        with pytest.raises(FieldError, match=r"'tags', which has no column; use prefetch_related"):
            await asked
    for named in (WebPage.objects.annotate(fans=Count("fans")), WebTag.objects.annotate(pages=Count("pages"))):
        with pytest.raises(FieldError, match="another name"):
            await named


async def test_queries_of_long_paths_stand_in_each_other(web: Database) -> None:
    """However long the paths are, four queries fit into each other on every engine; SQLite says what is too deep."""
    path = "tags__pages__tags__pages__tags"
    found = WebPage.objects.filter(**{f"{path}__name": "a"})
    for _ in range(4):
        found = WebPage.objects.filter(tags__pages__tags__pages__in=found)
    assert initials(await found.values_list("title", flat=True)) == "NS"
    for _ in range(4):
        found = WebPage.objects.filter(tags__pages__in=found)
    if web.dialect.name != "sqlite":
        assert await found.count() == 2
        return
    with pytest.raises(QueryError, match="more brackets within each other than SQLite reads"):
        await found


async def test_wrong_names_behind_pairs_are_named(web: Database) -> None:
    """A name or a value that is wrong is a FieldError, which never names the through model as the other side."""
    with pytest.raises(FieldError, match=r"'nmae'.*did you mean 'name'.*fields of orm.WebTag are"):
        await pages(tags__nmae="a")
    with pytest.raises(FieldError, match=r"no field 'tugs' \(did you mean 'tags'\?\)"):
        await pages(tugs=1)
    with pytest.raises(FieldError, match="an instance of WebPage is given where one of WebTag is meant"):
        await pages(tags=await WebPage.objects.first())
    with pytest.raises(FieldError, match="tags: 'x' is no whole number"):
        await pages(tags="x")
    with pytest.raises(FieldError, match="takes True or False"):
        await pages(tags__isnull="yes")
    for path in ("tags__nmae", "tags__nmae__in", "fans__nmae"):
        with pytest.raises(FieldError, match=r"did you mean 'name'.*; lookups of (tags|fans) are exact, in, isnull"):
            await WebPage.objects.filter(**{path: 1})


async def test_pairs_are_no_values_of_a_row(web: Database) -> None:
    """What writes a row neither takes them nor looks at them, and says how they are written (C-011wc)."""
    north = await WebPage.objects.get(title="North")

    for refused in (lambda: str(WebPage(title="x", tags=[1])), lambda: setattr(north, "tags", [])):
        with pytest.raises(TypeError, match=r"write: await instance\.tags\.set\(\[\.\.\.\]\)"):
            refused()
    for writing in (WebPage.objects.update(tags=[1]), north.save(update_fields=["tags"])):
        with pytest.raises((FieldError, ValueError), match=r"orm.WebPage.tags has no column.*\.set\(\["):
            await writing
    with pytest.raises(TypeError, match=r"\.set\(\["):
        _ = await WebPage.objects.create(title="x", tags=[1])
    north.full_clean()
    async with max_queries(0):
        await north.save()
    assert "tags" not in north.to_dict()
    assert north.changed_fields() == ()


async def test_rows_take_their_pairs_along(web: Database) -> None:
    """Whichever side is deleted, by an instance or a query, its pairs go and the other side stays (C-011wd)."""
    through = WebPage.tags.through
    north = await WebPage.objects.get(title="North")

    await north.delete()
    assert await through.objects.values_list("webpage__title", "webtag__name") == [("South", "b")]
    assert await WebTag.objects.count() == 3
    assert await WebTag.objects.filter(pages__title="South").delete() == 1
    assert await through.objects.count() == 0
    assert await WebPage.objects.count() == 2
    await WebWriter.objects.filter(name="Ann").delete()
    assert await WebWriter.knows.through.objects.count() == 0
    assert await WebWriter.reads.through.objects.count() == 1
    assert await WebEditing.objects.filter(writer__name="Bob").count() == 0  # North took them along


async def test_pairs_come_once(web: Database) -> None:
    """The database keeps a second row of a pair away where the through model was made for the field."""
    through = WebPage.tags.through
    known = await through.objects.first()

    with pytest.raises(IntegrityError):
        await through.objects.create(webpage_id=known.webpage_id, webtag_id=known.webtag_id)
    with pytest.raises(IntegrityError):
        await through.objects.create(webpage_id=known.webpage_id, webtag_id=10**6)


async def test_rows_are_changed_and_deleted_by_their_pairs(web: Database) -> None:
    """A condition through pairs stands in an UPDATE and a DELETE too, that of the same table included."""
    assert await WebPage.objects.filter(tags__name="b").update(title="Both") == 2
    assert await WebTag.objects.filter(pages=None).update(weight=9) == 1
    assert await WebWriter.objects.filter(reads__name="Cleo").update(name="Bert") == 1
    assert await WebPage.objects.exclude(tags__name="a").delete() == 2
    assert await pages() == "B"
