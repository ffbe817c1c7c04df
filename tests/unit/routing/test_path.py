"""Path patterns."""

from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openviper.routing.exceptions import PathSecurityError, RouteError
from openviper.routing.path import PathPattern, check_path, check_raw_path


def test_pattern_is_taken_apart_into_segments() -> None:
    """Text and parameters are told apart, text around a parameter among them."""
    pattern = PathPattern("/shop/{book_id:int}/{name}.json", {"name": "slug"})
    assert [segment.prefix for segment in pattern.segments] == ["shop", "", ""]
    assert [(one.name, one.converter.name) for one in pattern.parameters] == [("book_id", "int"), ("name", "slug")]
    assert pattern.segments[2].suffix == ".json"
    assert not pattern.is_literal
    assert PathPattern("/about").is_literal
    assert repr(PathPattern("/about")) == "PathPattern('/about')"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("about", "must start with '/'"),
        ("/{a}/{a}", "twice"),
        ("/{a:path}/b", "must stand at the end"),
        ("/{a:wrong}", "no converter 'wrong'; there are float, int, path, slug, str, uuid"),
        ("/{a", "one parameter a segment"),
        ("/a}", "without"),
        ("/{a}{b}", "one parameter a segment"),
        ("/{1a}", "no name for a parameter"),
        ("/{}", "no name for a parameter"),
        ("/x{a:path}", "nothing may stand beside it"),
        ("/a/../b", "'..' is refused"),
        ("/.", "'.' is refused"),
        ("/a\0", "is refused"),
    ],
)
def test_text_that_is_no_pattern_says_why(text: str, why: str) -> None:
    """The error names the pattern and the mistake."""
    with pytest.raises(RouteError, match=why) as caught:
        PathPattern(text)
    assert repr(text) in str(caught.value)


def test_path_is_written_percent_encoded() -> None:
    """Values are encoded as UTF-8; a slash stays only where the kind spans segments."""
    assert PathPattern("/b/{name}").format({"name": "a b%?#"}) == "/b/a%20b%25%3F%23"
    assert PathPattern("/ä/{rest:path}").format({"rest": "x/ü"}) == "/%C3%A4/x/%C3%BC"
    assert PathPattern("/v{major:int}.zip").format({"major": 3}) == "/v3.zip"


def test_wrong_values_are_refused_by_name() -> None:
    """Missing and unknown parameters are KeyErrors, values that cannot stand there ValueErrors."""
    pattern = PathPattern("/b/{book_id:int}")
    with pytest.raises(KeyError, match="needs book_id"):
        pattern.format({})
    with pytest.raises(KeyError, match="no parameter page"):
        pattern.format({"book_id": 1, "page": 2})
    with pytest.raises(ValueError, match="book_id='x' cannot stand there"):
        pattern.format({"book_id": "x"})
    with pytest.raises(ValueError, match="NUL"):
        PathPattern("/{name}").format({"name": "a\0"})


@given(st.text(min_size=1))
def test_any_text_that_is_written_comes_back(value: str) -> None:
    """Decoding the path gives the value again, so no value can leave its segment."""
    pattern = PathPattern("/b/{name}/end")
    assume(not any("\ud800" <= character <= "\udfff" for character in value))
    try:
        path = pattern.format({"name": value})
    except ValueError:
        return
    assert path.count("/") == 3
    assert unquote(path.split("/")[2]) == value


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/", {}),
        ("/", "", None),
        ("/b", "/b", {}),
        ("/b", "/b/", None),
        ("/b", "b", None),
        ("/b/", "/b", None),
        ("/b/{key:int}", "/b/7", {"key": 7}),
        ("/b/{key:int}", "/b/x", None),
        ("/b/{key:int}", "/b/7/8", None),
        ("/b/{key:int}/end", "/b/7/end", {"key": 7}),
        ("/b/{key:int}/end", "/b/7", None),
        ("/v{key:int}.zip", "/v7.zip", {"key": 7}),
        ("/v{key:int}.zip", "/v7", None),
        ("/{shop}/f/{rest:path}", "/a/f/x/y", {"shop": "a", "rest": "x/y"}),
        ("/f/{rest:path}", "/f/", {"rest": ""}),
        ("/f/{rest:path}", "/f", None),
        ("/f/{rest:path}", "/f/../x", None),
        ("/{name}", "/..", None),
    ],
)
def test_pattern_reads_a_path(pattern: str, path: str, expected: dict[str, object] | None) -> None:
    """The values of its parameters, or nothing where it does not fit."""
    assert PathPattern(pattern).match(path) == expected


_VALUES = {
    "str": st.text(min_size=1),
    "int": st.integers(0, 10**18 - 1),
    "float": st.floats(0, 1e15),
    "uuid": st.uuids(),
    "slug": st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
    "path": st.text(),
}


@given(st.data(), st.lists(st.sampled_from(sorted(_VALUES.keys() - {"path"})), max_size=4), st.booleans())
def test_links_are_read_back_as_the_values_they_were_made_of(
    data: st.DataObject, kinds: list[str], with_rest: bool
) -> None:
    """``match`` undoes ``format`` for every kind; a path that is written is never refused when it is asked for."""
    kinds = [*kinds, "path"] if with_rest else kinds
    pattern = PathPattern("/b" + "".join(f"/{{p{number}:{kind}}}" for number, kind in enumerate(kinds)))
    values = {f"p{number}": data.draw(_VALUES[kind]) for number, kind in enumerate(kinds)}
    assume(not any("\ud800" <= character <= "\udfff" for value in values.values() for character in str(value)))
    try:
        path = pattern.format(values)
    except ValueError:
        return
    check_raw_path(path.encode("ascii"))
    check_path(unquote(path))
    assert pattern.match(unquote(path)) == values


@pytest.mark.parametrize("path", ["/a\0", "/..", "/a/../b", "/a/.", "/./a"])
def test_climbing_path_is_refused(path: str) -> None:
    """No client sends one by itself."""
    with pytest.raises(PathSecurityError):
        check_path(path)


@pytest.mark.parametrize("path", ["/", "/...", "/.well-known/x", "/a..b/c", "/a/.b", "*", ""])
def test_dots_in_a_name_are_no_climbing(path: str) -> None:
    """Only a whole segment of one or two dots is."""
    check_path(path)


def test_encoded_slash_is_refused_in_the_path_alone() -> None:
    """A query that a server left in it may hold one; an encoded percent sign is data."""
    check_raw_path(b"/a%20b?next=%2Fc")
    check_raw_path(b"/a%252Fb")
    for path in (b"/a%2Fb", b"/a%2fb?x"):
        with pytest.raises(PathSecurityError) as caught:
            check_raw_path(path)
        assert caught.value.status_code == 400
