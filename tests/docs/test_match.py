"""Comparing a print with what a page shows."""

import pytest

from tests.docs.match import difference, matches


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one\ntwo", "one\ntwo\n"),
        ("one", "one   \n\n"),
        ("one\n...\nfour", "one\ntwo\nthree\nfour\n"),
        ("one\n...\ntwo", "one\ntwo\n"),
        ("...", ""),
        ("took ... ms (...)", "took 12.5 ms (warm)"),
        ("HTTP/1.1 200 OK\n...", "HTTP/1.1 200 OK\r\ndate: today\r\n\r\n{}"),
    ],
)
def test_print_that_the_page_shows(shown: str, printed: str) -> None:
    """``...`` takes any lines on a line of its own and any text within a line."""
    assert matches(shown, printed)
    assert difference(shown, printed) is None


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one", "two"),
        ("one", "one\ntwo"),
        ("one\n...\nfour", "one\ntwo"),
        ("took ... ms", "took 12\n ms"),
        ("a.b", "axb"),
        ("one", ""),
    ],
)
def test_print_that_the_page_does_not_show(shown: str, printed: str) -> None:
    """Anything else differs, and the description holds both texts."""
    assert not matches(shown, printed)
    assert f"    {shown.splitlines()[0]}" in str(difference(shown, printed))


def test_page_that_shows_nothing_accepts_everything() -> None:
    """Without a shown output there is nothing to differ from."""
    assert difference(None, "whatever") is None
