"""Trees of conditions give the rows that Python would pick, NULL and relations included, on every engine."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openviper.db.connections import Database
from openviper.db.manager import QuerySet
from openviper.db.query.expressions import Q
from tests.contract.orm.models import Author, Book

VALUES = [None, 1, 2, 3]


class Volume(NamedTuple):
    """A row of books, as Python sees it."""

    title: str
    pages: int
    editor: "Person | None"


class Person(NamedTuple):
    """A row of authors, as Python sees it."""

    key: int
    name: str
    age: int | None
    books: Sequence[Volume]


class Tree(NamedTuple):
    """A condition twice: for the database and for Python."""

    q: Q
    holds: Callable[[Person], bool]


def _compare(name: str, value: int) -> Callable[[int | None], bool]:
    operators: dict[str, Callable[[int], bool]] = {
        "exact": lambda one: one == value,
        "gt": lambda one: one > value,
        "lte": lambda one: one <= value,
        "in": lambda one: one in (value, value + 1),
        "range": lambda one: value <= one <= value + 1,
    }
    return lambda one: one is not None and operators[name](one)


def _operand(name: str, value: int) -> object:
    return {"in": [value, value + 1], "range": (value, value + 1)}.get(name, value)


NAMES = st.sampled_from(["exact", "gt", "lte", "in", "range"])
NUMBERS = st.integers(0, 4)


def _age(name: str, value: int) -> Tree:
    meets = _compare(name, value)
    return Tree(Q(**{f"age__{name}": _operand(name, value)}), lambda person: meets(person.age))


def _missing(*, flag: bool) -> Tree:
    return Tree(Q(age__isnull=flag), lambda person: (person.age is None) is flag)


def _pages(name: str, value: int) -> Tree:
    meets = _compare(name, value)
    return Tree(
        Q(**{f"books__pages__{name}": _operand(name, value)}),
        lambda person: any(meets(one.pages) for one in person.books),
    )


def _both(name: str, value: int, title: str) -> Tree:
    meets = _compare(name, value)
    return Tree(
        Q(**{f"books__pages__{name}": _operand(name, value)}, books__title=title),
        lambda person: any(meets(one.pages) and one.title == title for one in person.books),
    )


def _edited(name: str, value: int) -> Tree:
    meets = _compare(name, value)
    return Tree(
        Q(**{f"books__editor__age__{name}": _operand(name, value)}),
        lambda person: any(one.editor is not None and meets(one.editor.age) for one in person.books),
    )


def _without(*, flag: bool) -> Tree:
    return Tree(Q(books__isnull=flag), lambda person: (not person.books) is flag)


LEAVES = st.one_of(
    st.builds(_age, NAMES, NUMBERS),
    st.builds(_missing, flag=st.booleans()),
    st.builds(_pages, NAMES, NUMBERS),
    st.builds(_both, NAMES, NUMBERS, st.sampled_from("abc")),
    st.builds(_edited, NAMES, NUMBERS),
    st.builds(_without, flag=st.booleans()),
)


def _not(tree: Tree) -> Tree:
    return Tree(~tree.q, lambda person: not tree.holds(person))


def _or(left: Tree, right: Tree) -> Tree:
    return Tree(left.q | right.q, lambda person: left.holds(person) or right.holds(person))


# Parts of an AND that look at the same relation mean one and the same row, which Python would have to look for among
# all of them; so what stands beside each other looks at different things here, and ``_both`` covers the rest.
PLAIN = st.recursive(
    st.one_of(st.builds(_age, NAMES, NUMBERS), st.builds(_missing, flag=st.booleans())),
    lambda trees: st.one_of(
        st.builds(_not, trees),
        st.builds(_or, trees, trees),
        st.builds(
            lambda one, two: Tree(one.q & two.q, lambda person: one.holds(person) and two.holds(person)), trees, trees
        ),
    ),
    max_leaves=6,
)
TREES = st.recursive(
    LEAVES,
    lambda trees: st.one_of(
        st.builds(_not, trees),
        st.builds(_or, trees, trees),
        st.builds(
            lambda one, two: Tree(one.q & two.q, lambda person: one.holds(person) and two.holds(person)), trees, PLAIN
        ),
    ),
    max_leaves=8,
)


async def _fill() -> list[Person]:
    """Store authors of every age, with no book, with one and with two."""
    people = [await Author.objects.create(name=f"{age}-{count}", age=age) for age in VALUES for count in range(3)]
    known: list[Person] = []
    for number, person in enumerate(people):
        volumes = []
        for count in range(number % 3):
            editor = people[(number * 5 + count) % len(people)] if (number + count) % 2 else None
            title, pages = "abc"[(number + count) % 3], (number * 2 + count) % 4
            await Book.objects.bulk_create([Book(author=person, title=title, pages=pages, editor=editor)])
            volumes.append(
                Volume(title, pages, None if editor is None else Person(editor.pk, editor.name, editor.age, ()))
            )
        known.append(Person(person.pk, person.name, person.age, volumes))
    return known


async def _check(tree: Tree, people: Sequence[Person]) -> None:
    expected = {person.key for person in people if tree.holds(person)}
    assert set(await Author.objects.filter(tree.q).values_list("pk", flat=True)) == expected
    # The same as the opposite of what is left out, and once each.
    assert len(await Author.objects.exclude(tree.q)) == len(people) - len(expected)


def _explore(examples: int, people: Sequence[Person], run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(tree=TREES)
    def explore(tree: Tree) -> None:
        run(_check(tree, people))

    explore()


async def test_trees_of_conditions_on_sqlite(sqlite: Database) -> None:
    """And, Or and Not of comparisons give what Python's and, or and not give, NULL counting as no."""
    await _explore_here(150)


async def test_trees_of_conditions_on_postgresql(postgres: Database) -> None:
    """The same there."""
    await _explore_here(40)


async def _explore_here(examples: int) -> None:
    """Let hypothesis, which does not wait, ask the loop of this test from a thread."""
    people = await _fill()
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        _explore, examples, people, lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    )


async def test_conditions_without_end(database: Database) -> None:
    """A chain of a thousand is no deeper than one of ten, joined by "or", by "and", by calls, or denied."""
    await Author.objects.bulk_create([Author(name="Ann", age=5), Author(name="Bea", age=2000), Author(name="Cleo")])
    any_of = reduce(or_, (Q(age=number, id__gt=0) for number in range(1100)))
    all_of = Q(*(Q(age__lt=number) for number in range(6, 1500)))
    chain = Author.objects.all()
    for number in range(6, 1200):
        chain = chain.filter(age__lt=number)

    async def names(rows: QuerySet[Author]) -> list[str]:
        return list(await rows.order_by("name").values_list("name", flat=True))

    assert await names(Author.objects.filter(any_of)) == await names(Author.objects.filter(all_of)) == ["Ann"]
    assert await names(Author.objects.exclude(any_of)) == await names(Author.objects.filter(~all_of)) == ["Bea", "Cleo"]
    assert await names(chain) == ["Ann"]
    assert await chain.update(name="Dora") == 1
    assert await Author.objects.filter(any_of).delete() == 1


def test_conditions_are_joined_in_a_loop() -> None:
    """Each step looks at what it adds, and not at all that was there; how deep it is stays known."""
    joined = reduce(or_, (Q(age=number) for number in range(5000)))
    assert (len(joined.parts), joined.depth) == (5000, 1)
    deeper = (joined & Q(name="x")) | joined
    assert (len(deeper.parts), deeper.depth) == (5001, 3)
