"""Regular expressions that are let through, and those that are not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError
from openviper.db.patterns import check_pattern, compile_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "foo|bar",
        r"^\d+$",
        r"^[a-z0-9]+(-[a-z0-9]+)*$",
        r"^\w+(,\w+)*$",
        r"[\w.-]+@([\w-]+\.)+[\w-]{2,4}",
        r"(\d{1,3}\.){3}\d{1,3}",
        "[0-9a-f]{64}",
        "([0-9a-f]{2}:){5}[0-9a-f]{2}",
        "(x{1,50}y)*",
        "(a{10}b)+",
        ".*a.*b.*c",
        "(ab|cd|ef)*x",
        r"^(?=.*\d)(?=.*[a-z]).{8,}$",
        r"(?P<quote>['\"]).*?(?P=quote)",
        r"(a)?(?(1)b|c)",
        r"(\s*,\s*\w+)*",
        "(?>a+)b++",
        "é+ß*",
    ],
)
def test_pattern_is_let_through(pattern: str) -> None:
    """What repeats without ambiguity may pass, also nested."""
    check_pattern(pattern)
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*",
        "(a|a)*",
        "(a|ab?)*b",
        r"(\w+\s?)*$",
        "([a-z]+)*=",
        "(.*)*",
        "(x+x+)+y",
        r"(/[\w./-]*)*$",
        "((a|b)+c?)+d",
        r"(\d+|[0-9]x)*",
        "(a+){10}",
        r"^(\w+|\d+)+$",
        "(?i:ab|AB?)*",
        "(?:a|[^b])*",
        "(?=(a+)+b)",
        r"(a\b|a)*",
        r"(x)(\1|.)*y",
    ],
)
def test_pattern_that_takes_for_ever(pattern: str) -> None:
    """What can read one text in exponentially many ways is refused, wherever it hides."""
    with pytest.raises(FieldValueError, match="take for ever"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "no regular expression"),
        ("a{1}{2}", "no regular expression"),
        ("(" * 900, "no regular expression"),
        ("x" * 1001, "at most 1000 characters"),
        ("a?" * 30 + "a" * 30, "at most 20 repetitions"),
        ("[a-z]{8}" * 100, "too complicated"),
        ("(" + "abcdefgh" * 10 + ")*", "too complicated"),
    ],
)
def test_pattern_that_is_too_much(pattern: str, words: str) -> None:
    """What is no pattern, or one that nobody can judge in time, is refused with the reason."""
    with pytest.raises(FieldValueError, match=words):
        check_pattern(pattern)


def test_text_may_be_as_long_as_the_pattern_is_simple() -> None:
    """Each endless repetition makes the texts shorter that a pattern may be tried on."""
    assert [check_pattern(pattern) for pattern in ("abc", "a.*b", "a.*b.*c")] == [1_000_000, 100_000, 10_000]


@pytest.mark.parametrize("pattern", ["[[a]", "[[:alpha:]]", "[a||b]", "[a-c--z]"])
def test_sets_that_may_once_mean_more_are_judged_in_silence(pattern: str) -> None:
    """Python's warning is for those who write code; here it would be one for a text that a user sent."""
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.filterwarnings("ignore:Possible :FutureWarning")
@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab()|*+?{}1,[]^$.\\w", max_size=14), st.text(alphabet="ab", max_size=8))
def test_any_text_is_judged(pattern: str, text: str) -> None:
    """Whatever a user sends is refused by our error, or is a pattern that searches in no time."""
    try:
        compiled = compile_pattern(pattern)
    except FieldValueError:
        return
    assert bool(compiled.search(text * 40)) == bool(re.search(pattern, text * 40))
