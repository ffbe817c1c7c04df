"""A page, and what is none."""

import pytest

from openviper.db.exceptions import InvalidPageError, PageNotFoundError
from openviper.db.pagination.cursor import Cursor, open_cursor
from openviper.db.pagination.page import MAX_PAGE_SIZE, Edge, Page, check_page


def test_page_in_the_middle() -> None:
    """A page knows its neighbours and how many there are."""
    page = Page(items=["c", "d"], page_size=2, number=2, total_count=5)

    assert (page.num_pages, page.has_next, page.has_previous) == (3, True, True)
    assert (page.next_page_number, page.previous_page_number) == (3, 1)


def test_last_page() -> None:
    """Nothing follows the last page."""
    page = Page(items=["e"], page_size=2, number=3, total_count=5)

    assert (page.has_next, page.next_page_number, page.previous_page_number) == (False, None, 2)


def test_empty_first_page() -> None:
    """A table without rows has one page, which is empty."""
    page = Page[str](items=[], page_size=2, number=1, total_count=0)

    assert (page.num_pages, page.has_next, page.has_previous) == (1, False, False)
    assert (page.next_page_number, page.previous_page_number) == (None, None)


def test_page_of_a_cursor() -> None:
    """Where a cursor led to a page, nothing was counted, and its neighbours have cursors."""
    page = Page(items=["c"], page_size=1, following=Edge(Cursor((1,)), "order"))

    assert (page.number, page.total_count, page.num_pages) == (None, None, None)
    assert (page.has_next, page.has_previous) == (True, False)
    assert (page.next_page_number, page.previous_page_number) == (None, None)
    assert open_cursor(page.next_cursor or "", "order") == Cursor((1,))
    assert page.previous_cursor is None


def test_page_is_like_its_items() -> None:
    """A page can be iterated, measured and indexed."""
    page = Page(items=["a", "b"], page_size=2, number=1, total_count=2)

    assert list(page) == ["a", "b"]
    assert len(page) == 2
    assert page[-1] == "b"


@pytest.mark.parametrize("number", [0, -1, True, "1", 1.0, None])
def test_number_of_no_page(number: object) -> None:
    """A number is a whole one, from 1."""
    with pytest.raises(InvalidPageError, match="page_number") as caught:
        check_page(number, 10)

    assert caught.value.status_code == 400


@pytest.mark.parametrize("size", [0, -1, True, "1", None, MAX_PAGE_SIZE + 1])
def test_size_of_no_page(size: object) -> None:
    """A page has at least one row and at most as many as the limit."""
    with pytest.raises(InvalidPageError, match="page_size"):
        check_page(1, size)


def test_number_beyond_every_table() -> None:
    """A number that no engine counts to is that of a missing page, and no error of the engine."""
    with pytest.raises(PageNotFoundError) as caught:
        check_page(10**30, 10)

    assert caught.value.status_code == 404
