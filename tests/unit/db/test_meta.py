"""What a Meta may state, and what it may not."""

from collections.abc import Sequence

import pytest

from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.meta import check_name, inherit_meta, read_meta, read_parts


class Parent:
    abstract = True
    ordering = ("name",)
    managed = False


class Child(Parent):
    ordering = ("-name",)


def test_extended_meta() -> None:
    """The words of the classes that it extends count, but it is not abstract because they are."""
    assert read_meta(Child, label="blog.Post") == {"ordering": ("-name",), "managed": False}
    assert read_meta(Parent, label="blog.Post")["abstract"]
    assert read_meta(None, label="blog.Post") == {}


def test_unknown_word() -> None:
    """A misspelt word is refused, with those that exist."""

    class Meta:
        table = "posts"

    with pytest.raises(ModelDefinitionError, match=r"Meta of blog\.Post states 'table', .* table_name"):
        read_meta(Meta, label="blog.Post")


def test_inheritance_from_abstract_models() -> None:
    """Own words win, then those of the first parent; a table name is never handed down."""
    first, second = {"ordering": ("a",)}, {"ordering": ("b",), "managed": False, "table_name": "x", "abstract": True}
    assert inherit_meta({"read_only": True}, [first, second]) == {  # type: ignore[list-item]  # plain dicts do
        "ordering": ("a",),
        "managed": False,
        "read_only": True,
    }


def test_parts_of_the_table() -> None:
    """Indexes and constraints get their names, and groups of fields become tuples."""
    parts = read_parts(
        {
            "ordering": ["-created"],
            "indexes": [Index(["-created"])],
            "index_together": ["author", "slug"],
            "unique_together": [["author", "slug"], ["slug", "year"]],
            "constraints": [CheckConstraint("%(class)s_positive", "views >= 0"), UniqueConstraint("u", ["slug"])],
        },
        label="blog.Post",
        table="blog_post",
    )
    assert parts["ordering"] == ("-created",)
    assert [index.name for index in parts["indexes"]] == ["ix_blog_post_created", "ix_blog_post_author_slug"]
    assert parts["unique_together"] == (("author", "slug"), ("slug", "year"))
    assert [constraint.name for constraint in parts["constraints"]] == ["post_positive", "u"]


def test_parts_of_a_wrong_shape() -> None:
    """A text is no list, and other objects are no indexes."""
    for ordering in ("name", [5]):
        with pytest.raises(ModelDefinitionError, match="write a list"):
            read_parts({"ordering": ordering}, label="blog.Post", table="t")  # type: ignore[typeddict-item]  # what is refused
    with pytest.raises(ModelDefinitionError, match="write a class"):
        read_meta({"ordering": ["name"]}, label="blog.Post")
    with pytest.raises(ModelDefinitionError, match="object of Index"):
        read_parts({"indexes": [("a", "b")]}, label="blog.Post", table="t")  # type: ignore[list-item]  # what is refused
    with pytest.raises(ModelDefinitionError, match="CheckConstraint or UniqueConstraint"):
        read_parts({"constraints": [Index(["a"])]}, label="blog.Post", table="t")  # type: ignore[list-item]  # what is refused
    with pytest.raises(ModelDefinitionError, match="the group 'ab'"):
        read_parts({"unique_together": "ab"}, label="blog.Post", table="t")


@pytest.mark.parametrize("group", [("author", "slug"), [("author", "slug")]])
def test_one_group_or_several(group: Sequence[str] | Sequence[Sequence[str]]) -> None:
    """One group needs no list around it."""
    assert read_parts({"unique_together": group}, label="blog.Post", table="t")["unique_together"] == (
        ("author", "slug"),
    )


@pytest.mark.parametrize("name", ["a b", "1a", "", "x" * 64, "a;b", "naïve"])
def test_name_that_no_engine_keeps(name: str) -> None:
    """Names are ASCII identifiers of at most 63 characters."""
    with pytest.raises(ModelDefinitionError):
        check_name(name, "table name")
    assert check_name("x" * 63, "table name") == "x" * 63
