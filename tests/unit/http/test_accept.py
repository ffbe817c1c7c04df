"""The Accept header: what a client would like to be answered with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.accept import AcceptedTypes

OFFERS = ("application/json", "text/html")


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json, text/html", "application/json"),
        ("text/html, application/json", "application/json"),
        ("text/html;q=0.5, application/json;q=0.4", "text/html"),
        ("text/html;level=1;q=0.3, application/json ; q=0.4", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/html"),
        ("application/json;q=.2, text/html;q=1.", "text/html"),
        ("text/html;q=0.1, text/html;q=0.9, application/json;q=0.5", "text/html"),
        ("image/png", None),
        ("application/json;q=0", None),
    ],
)
def test_offer_that_is_wanted_most_is_chosen(header: str, chosen: str | None) -> None:
    """The closest range gives the weight, 0 refuses, and of two alike the first offer wins."""
    assert AcceptedTypes(header).choose(OFFERS) == chosen


@pytest.mark.parametrize(
    "header", ["html", ",,;", "text/html;q=high", "text/html;q=-1", "text/html;q=nan", "text/html;q=2", ";q=1"]
)
def test_malformed_range_counts_as_not_sent(header: str) -> None:
    """When nothing else is there, the client takes what it gets."""
    assert AcceptedTypes(header).choose(OFFERS) == "application/json"


def test_lines_are_one_list() -> None:
    """A header that comes twice means the same as both values behind each other."""
    accepted = AcceptedTypes.of([(b"accept", b"text/html;q=0.5"), (b"host", b"a"), (b"accept", b"application/json")])
    assert (accepted.weight("text/html"), accepted.weight("application/json")) == (0.5, 1.0)
    assert AcceptedTypes.of([]).weight("image/png") == 1.0


def test_type_that_is_named_is_told_from_one_that_a_range_covers() -> None:
    """``*/*`` names nothing, and neither does a refusal."""
    accepted = AcceptedTypes("text/html, application/json;q=0, */*")
    names = [accepted.has_name(name) for name in ("text/html", "application/json", "image/png")]
    assert names == [True, False, False]
    assert accepted.choose(()) is None


def test_what_stands_far_behind_is_not_read() -> None:
    """The work that a header can ask for is bounded."""
    assert AcceptedTypes("image/png," * 64 + "text/html").choose(OFFERS) is None


@given(st.text(alphabet='texhmlapicon/*;,q=.0125 \t"\\', max_size=80))
def test_no_header_breaks_the_choice(header: str) -> None:
    """Whatever is sent, weights lie between 0 and 1 and the choice is an offer or none."""
    accepted = AcceptedTypes(header)
    assert all(0 <= accepted.weight(name) <= 1 for name in OFFERS)
    assert accepted.choose(OFFERS) in (*OFFERS, None)


@given(st.dictionaries(st.sampled_from(OFFERS), st.integers(0, 1000), min_size=1))
def test_weights_come_back_as_they_were_sent(ranges: dict[str, int]) -> None:
    """Three decimals are all that a weight has."""
    accepted = AcceptedTypes(", ".join(f"{name};q={weight / 1000:.3f}" for name, weight in ranges.items()))
    assert {name: accepted.weight(name) for name in ranges} == {name: weight / 1000 for name, weight in ranges.items()}
