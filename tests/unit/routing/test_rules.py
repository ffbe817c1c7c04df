"""The rules of markers and of msgspec.Meta."""

import datetime as dt
import decimal

import annotated_types
import msgspec
import pydantic
import pytest

from openviper.routing.params import Query
from openviper.routing.rules import describe_rules, find_check, find_rules, find_unkept, misplaced_rule


@pytest.mark.parametrize(
    ("rules", "kept", "broken"),
    [
        ({"gt": 1}, 2, 1),
        ({"ge": 1}, 1, 0),
        ({"lt": 1}, 0, 1),
        ({"le": 1}, 1, 2),
        ({"ge": dt.date(2026, 1, 1)}, dt.date(2026, 1, 1), dt.date(2025, 12, 31)),
        ({"gt": 0}, decimal.Decimal("0.1"), decimal.Decimal(0)),
        ({"multiple_of": 3}, 9, 10),
        ({"multiple_of": 0.1}, 0.3, 0.35),
        ({"multiple_of": 0.1}, 1, decimal.Decimal("1e300")),
        ({"min_length": 2}, "ab", "a"),
        ({"max_length": 1}, ["a"], ["a", "b"]),
        ({"pattern": "^a+$"}, "aa", "ab"),
        ({"ge": 1, "le": 2}, 2, 3),
    ],
)
def test_value_keeps_or_breaks_a_rule(rules: dict[str, object], kept: object, broken: object) -> None:
    """Each rule draws its line where it says."""
    check = find_check(rules)
    assert check(kept)
    assert not check(broken)


@pytest.mark.parametrize(
    ("rules", "kind", "wrong"),
    [
        ({"ge": 1}, int, None),
        ({"ge": 1}, str, "ge=1"),
        ({"min_length": 1}, str, None),
        ({"min_length": 1}, int, "min_length=1"),
        ({"pattern": "a"}, str, None),
        ({"pattern": "("}, str, "pattern='('"),
        ({"multiple_of": 0}, int, "multiple_of=0"),
        ({"multiple_of": 2}, bool, "multiple_of=2"),
    ],
)
def test_rule_fits_a_type_or_is_named(rules: dict[str, object], kind: object, wrong: str | None) -> None:
    """What a value of the type cannot be held to is found when the route is registered."""
    assert misplaced_rule(rules, kind, is_list=False) == wrong
    assert misplaced_rule({"max_length": 1}, list, is_list=True) is None


def test_rules_are_found_and_told() -> None:
    """Those of msgspec.Meta count; other notes in an Annotated set none."""
    assert find_rules(msgspec.Meta(ge=1, lt=3)) == {"ge": 1, "lt": 3}
    assert find_rules(Query(ge=1)) == {}
    assert find_rules("a note") == {}
    assert describe_rules({}) == ""
    assert describe_rules({"min_length": 1}) == " of at least 1 character"
    assert describe_rules({"max_length": 1}, unit="values") == " of at most 1 value"
    assert describe_rules({"ge": 1, "le": 3}) == ", at least 1 and at most 3"
    assert (
        describe_rules({"min_length": 1, "max_length": 3, "pattern": "a"})
        == " of 1 to 3 characters, fitting the pattern a"
    )
    assert describe_rules({"min_length": 2, "max_length": 2}) == " of 2 characters"
    assert describe_rules({"min_length": 2}) == " of at least 2 characters"
    assert describe_rules({"max_length": 3}, unit="values") == " of at most 3 values"


@pytest.mark.parametrize(
    ("metadata", "rules"),
    [
        (pydantic.StringConstraints(max_length=3, pattern="a"), {"max_length": 3, "pattern": "a"}),
        (pydantic.Field(ge=1, description="a count"), {"ge": 1}),
        (annotated_types.Interval(gt=1, le=3), {"gt": 1, "le": 3}),
        (annotated_types.Len(1, 2), {"min_length": 1, "max_length": 2}),
        (annotated_types.Unit("m"), {}),
        (msgspec.Meta(title="a title"), {}),
        ("a remark", {}),
    ],
)
def test_rules_of_others_are_kept(metadata: object, rules: dict[str, object]) -> None:
    """What pydantic and annotated_types say in other words holds as well."""
    assert find_rules(metadata) == rules
    assert find_unkept(metadata) is None


@pytest.mark.parametrize(
    "metadata",
    [
        pydantic.StringConstraints(max_length=3, strip_whitespace=True),
        pydantic.AfterValidator(int),
        pydantic.Strict(),
        pydantic.Field(alias="other"),
        pydantic.Field(default=3),
        annotated_types.Predicate(str.isdigit),
        msgspec.Meta(tz=True),
    ],
)
def test_rules_that_nobody_would_keep_are_found(metadata: object) -> None:
    """A rule that would be passed over in silence is told."""
    assert find_unkept(metadata) is not None


def test_limits_fit_the_type() -> None:
    """A number is compared with numbers, a date with dates."""
    assert misplaced_rule({"ge": "a"}, int, is_list=False) == "ge='a'"
    assert misplaced_rule({"ge": 5}, dt.date, is_list=False) == "ge=5"
    assert misplaced_rule({"multiple_of": "a"}, int, is_list=False) == "multiple_of='a'"
    assert misplaced_rule({"min_length": -1}, str, is_list=False) == "min_length=-1"
    assert misplaced_rule({"ge": decimal.Decimal("1.5"), "lt": 2}, int, is_list=False) is None
