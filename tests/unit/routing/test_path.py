"""Path patterns."""

from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openviper.routing.exceptions import RouteError
from openviper.routing.path import PathPattern


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
