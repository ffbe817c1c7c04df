"""Byte ranges: what is read, what is ignored and what cannot be met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.ranges import MAX_RANGES, ByteRange, UnsatisfiableRangeError, parse_range

RANGE_TEXT = st.text(alphabet="0123456789-, =bytes\t\x00é", max_size=60)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-99", [(0, 100)]),
        ("bytes=0-", [(0, 100)]),
        ("bytes=90-1000", [(90, 100)]),
        ("bytes=99-", [(99, 100)]),
        ("bytes=-1", [(99, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("Bytes = 1-2", [(1, 3)]),
        ("bytes= 1-2 ,\t5-6", [(1, 3), (5, 7)]),
        ("bytes=50-59,0-9", [(50, 60), (0, 10)]),
        ("bytes=,1-2,,5-6,", [(1, 3), (5, 7)]),
        ("bytes=0-9,200-300", [(0, 10)]),
        ("bytes=0-" + "9" * 5000, [(0, 100)]),
        ("bytes=" + "0" * 5000 + "7-8", [(7, 9)]),
    ],
)
def test_ranges_are_read(header: str, expected: list[tuple[int, int]]) -> None:
    """Offsets count from 0, both ends in, what lies beyond the content is cut, the order kept (RFC 9110, 14.1.2)."""
    assert parse_range(header, 100) == [ByteRange(*pair) for pair in expected]


@pytest.mark.parametrize("header", ["bytes=0-9,5-20,20-29", "bytes=20-29,0-9,10-25", "bytes=0-,5-6,-95"])
def test_overlapping_ranges_are_joined(header: str) -> None:
    """No byte is sent twice, however often it is asked for."""
    (joined,) = parse_range(header, 100) or []
    assert joined.start == 0
    assert joined.stop in (30, 100)


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=1", "bytes=2-1", "bytes=1-2-3", "bytes=--1",
        "bytes=+1-2", "bytes=1_0-20", "bytes=\u0661-\u0662", "lines=0-1", "bytes=0-1;2-3", "bytes=0-1,x", "=0-1",
    ],
)  # fmt: skip
def test_what_is_no_range_is_ignored(header: str) -> None:
    """Another unit or malformed text is answered with the whole content (RFC 9110, 14.2)."""
    assert parse_range(header, 100) is None


def test_flood_of_ranges_is_ignored() -> None:
    """More ranges than anybody needs are answered with the whole content."""
    flood = ",".join(f"{start}-{start}" for start in range(0, 4 * MAX_RANGES, 2))
    assert parse_range(f"bytes={flood}", 1000) is None
    most = ",".join(f"{start}-{start}" for start in range(0, 2 * MAX_RANGES, 2))
    assert len(parse_range(f"bytes={most}", 1000) or []) == MAX_RANGES
    assert parse_range("bytes=" + "," * 100_000 + "0-1", 1000) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=100-", 100), ("bytes=100-200,300-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)],
)
def test_range_behind_the_end_cannot_be_met(header: str, size: int) -> None:
    """A range that is well formed and begins nowhere in the content is an error of its own (416)."""
    with pytest.raises(UnsatisfiableRangeError, match=f"within {size} bytes"):
        parse_range(header, size)


@given(RANGE_TEXT, st.integers(0, 1000))
def test_any_field_gives_ranges_within_the_content(header: str, size: int) -> None:
    """Whatever is asked, what comes back is not empty, within the content, without overlap, and not too many."""
    try:
        ranges = parse_range(f"bytes={header}", size)
    except UnsatisfiableRangeError:
        return
    if ranges is None:
        return
    assert 1 <= len(ranges) <= MAX_RANGES
    assert all(0 <= part.start < part.stop <= size for part in ranges)
    assert sum(map(len, ranges)) <= size
    assert len({byte for part in ranges for byte in range(part.start, part.stop)}) == sum(map(len, ranges))


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=MAX_RANGES))
def test_every_byte_that_is_asked_for_comes(pairs: list[tuple[int, int]]) -> None:
    """The bytes of the ranges together are those that were asked for and exist."""
    pairs = [(min(pair), max(pair)) for pair in pairs]
    wanted = {byte for first, last in pairs for byte in range(first, last + 1) if byte < 100}
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in pairs)
    try:
        ranges = parse_range(header, 100) or []
    except UnsatisfiableRangeError:
        ranges = []
    assert {byte for part in ranges for byte in range(part.start, part.stop)} == wanted


def test_range_is_written_with_its_last_byte() -> None:
    """Content-Range counts the last byte in."""
    assert ByteRange(0, 5).format(10) == "bytes 0-4/10"
    assert len(ByteRange(2, 5)) == 3
