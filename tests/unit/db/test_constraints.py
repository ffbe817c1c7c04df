"""Indexes and constraints as data, and what a piece of SQL may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.constraints import LONGEST_NAME, CheckConstraint, Index, UniqueConstraint, make_name, screen_sql
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.models import Q


@pytest.mark.parametrize(
    "sql",
    [
        "price >= 0", "status IN ('draft', 'live')", "note <> 'it''s; --fine'", "deleted_at IS NULL", '"update" > 0',
        "(a > 1 AND (b < 2))", "name <> 'delete'", "updated_at > created_at", "selection = 1", "do_it", "length(x) > 0",
    ],
)  # fmt: skip
def test_condition(sql: str) -> None:
    """Comparisons, functions, quoted texts and quoted names pass, whatever the quotes hold."""
    screen_sql(sql, "a check")
    assert CheckConstraint("positive", sql).check == sql
    assert Index(["a"], condition=sql).condition == sql


@pytest.mark.parametrize(
    "sql",
    [
        "1=1; DROP TABLE users", "a > 0 -- rest", "a /* b */ > 0", "a > (SELECT 1)", "delete", "a) OR (1=1", "a > 0)",
        "x = 'open", "x = 'a\\' OR 1=1 --'", "a # b", "$$x$$", "a = `b`", "a\0", "Update t", "a UNION b", 'x = "open',
    ],
)  # fmt: skip
def test_sql_that_is_more_than_a_condition(sql: str) -> None:
    """Comments, statements, open quotes and stray parentheses are refused, and the message shows the SQL."""
    for make in (
        lambda: CheckConstraint("c", sql),
        lambda: Index(["a"], condition=sql),
        lambda: UniqueConstraint("u", ["a"], sql),
    ):
        with pytest.raises(ModelDefinitionError):
            make()


@given(st.text(alphabet=st.sampled_from("ab ()'\";-/*#$\\`"), max_size=30))
def test_screened_sql_cannot_leave_its_place(sql: str) -> None:
    """Whatever passes has closed its quotes and holds no end of a statement outside of them."""
    try:
        screen_sql(sql, "a check")
    except ModelDefinitionError:
        return
    is_open, outside = "", []
    for character in sql:
        if is_open:
            is_open = "" if character == is_open else is_open
        elif character in "'\"":
            is_open = character
        else:
            outside.append(character)
    assert is_open == ""
    assert not set(outside) & set(";#$`\\")
    assert outside.count("(") == outside.count(")")


def test_fields_of_an_index() -> None:
    """Names, also in descending order, in the order given."""
    assert Index(["author", "-created"]).fields == ("author", "-created")
    assert UniqueConstraint("u", ("a", "b")).fields == ("a", "b")
    assert hash(Index(["a"])) == hash(Index(("a",)))


@pytest.mark.parametrize("fields", [[], "name", ["a", "-a"], ["a b"], ["a; DROP"], 5])
def test_fields_that_are_none(fields: list[str]) -> None:
    """A text is no list of names, and a name is an identifier."""
    with pytest.raises(ModelDefinitionError):
        Index(fields)
    with pytest.raises(ModelDefinitionError):
        UniqueConstraint("u", fields)


def test_check_of_nothing() -> None:
    """An empty check is refused."""
    with pytest.raises(ModelDefinitionError, match="checks nothing"):
        CheckConstraint("c", "  ")
    with pytest.raises(ModelDefinitionError, match="checks nothing"):
        CheckConstraint("c")


def test_check_is_a_q_by_either_word() -> None:
    """C-011zd: A check is SQL or a Q, called check or condition as in Django; what is neither is refused."""
    positive = Q(price__gte=0)
    assert CheckConstraint("c", positive).check is positive
    assert CheckConstraint(check=positive, name="c") == CheckConstraint(condition=positive, name="c")
    assert CheckConstraint(condition="price >= 0", name="c") == CheckConstraint("c", "price >= 0")
    with pytest.raises(ModelDefinitionError, match="which are one and the same; give one"):
        CheckConstraint("c", positive, condition=positive)
    with pytest.raises(ModelDefinitionError, match="the condition of CheckConstraint 'c' is a int; write a Q"):
        CheckConstraint("c", 5)  # type: ignore[arg-type]  # no condition
    with pytest.raises(ModelDefinitionError, match="needs a name"):
        CheckConstraint(check=positive)
    with pytest.raises(ModelDefinitionError, match="needs a name"):
        CheckConstraint(positive, "c")  # type: ignore[arg-type]  # the wrong way around


def test_sql_that_no_encoding_carries() -> None:
    """Half of a surrogate pair is told where it is written, not by the codec of a driver."""
    for make in (lambda: CheckConstraint("c", "a <> '\ud800'"), lambda: Index(["a"], condition="a <> '\udfff'")):
        with pytest.raises(ModelDefinitionError, match="half of a surrogate pair"):
            make()


def test_names_are_made() -> None:
    """A name is the same in every process, and short enough for every engine; long ones stay apart."""
    assert make_name("ix", "blog_post", ["author_id", "slug"]) == "ix_blog_post_author_id_slug"
    first, second = (make_name("ix", "t" * 60, [column]) for column in ("first", "second"))
    assert len(first) == len(second) == LONGEST_NAME
    assert first != second
    assert first == make_name("ix", "t" * 60, ["first"])
