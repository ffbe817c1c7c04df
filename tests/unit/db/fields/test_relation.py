"""What a reference means: its rule, and its name from the other side."""

import pytest

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields.relation import OnDelete, Relation, check_on_delete
from openviper.db.registry import Reference, registry

RULES: list[OnDelete] = ["CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "SET_DEFAULT", "NO_ACTION", "DO_NOTHING"]


def make(related_name: str | None, *, is_single: bool = False) -> Relation:
    reference = Reference("blog.Author", referrer="blog.Post.author", own_label="blog.Post", registry=registry)
    return Relation("author", reference, on_delete="CASCADE", related_name=related_name, is_single=is_single)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "post_set"), ("posts", "posts"), ("+", None), ("%(app_label)s_%(class)s", "blog_post")],
)
def test_name_from_the_other_side(given: str | None, expected: str | None) -> None:
    """It is made of the model's name, stated, filled in, or not there."""
    assert make(given).related_name == expected


def test_single_row_has_the_name_of_its_model() -> None:
    """What leads to one row is not called a set."""
    assert make(None, is_single=True).related_name == "post"


@pytest.mark.parametrize("name", ["", "a b", "a__b", "1st", "a-b"])
def test_name_that_queries_could_not_read(name: str) -> None:
    """A name from the other side is an identifier without double underscores."""
    with pytest.raises(ModelDefinitionError, match="related_name"):
        make(name)


@pytest.mark.parametrize("rule", RULES)
def test_rules(rule: OnDelete) -> None:
    """Every rule is accepted where the column can follow it."""
    check_on_delete(rule, null=True, has_default=True)


@pytest.mark.parametrize(
    ("rule", "reason"), [("cascade", "CASCADE, PROTECT"), ("SET_NULL", "null=True"), ("SET_DEFAULT", "default")]
)
def test_rule_that_cannot_be_followed(rule: str, reason: str) -> None:
    """An unknown rule is refused with those that exist; one that sets what the column cannot hold, with the mend."""
    with pytest.raises(ModelDefinitionError, match=reason):
        check_on_delete(rule, null=False, has_default=False)
