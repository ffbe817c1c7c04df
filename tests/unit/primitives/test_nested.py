"""JSON of values deeper than an encoder follows."""

import dataclasses
import datetime as dt
import json
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.primitives.json import encode
from openviper.primitives.nested import encode_nested


@dataclasses.dataclass
class Box:
    inner: Any


class Crate(msgspec.Struct, rename="camel", tag="crate"):
    the_inner: Any


def nest(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    )
)
def test_text_is_that_of_the_usual_encoder(value: object) -> None:
    """However a value is written, it reads the same."""
    assert json.loads(encode_nested(value, encode)) == json.loads(encode(value))


def test_keys_and_leaves_are_written_as_always() -> None:
    """What JSON has no word for becomes the text that it becomes elsewhere."""
    value = {2: dt.date(2026, 1, 2), dt.date(2026, 1, 3): {2}, True: (), None: 1 << 70}
    assert encode_nested(value, encode) == (
        b'{"2":"2026-01-02","2026-01-03":[2],"true":[],"null":1180591620717411303424}'
    )


def test_records_are_taken_apart() -> None:
    """Dataclasses and Structs may hold what a client has sent, a hundred thousand brackets no less."""
    deep = nest(3000)
    inner = b"[" * 3000 + b"]" * 3000
    assert encode(Box(deep)) == b'{"inner":%b}' % inner
    assert encode(Crate(deep)) == b'{"type":"crate","theInner":%b}' % inner
    assert encode([Crate(Box(deep))]) == b'[{"type":"crate","theInner":{"inner":%b}}]' % inner


def test_value_that_holds_itself_is_refused() -> None:
    """A circle is a fault of the program, and is told as one in place of filling the memory."""
    box, crate = Box(None), Crate(None)
    box.inner, crate.the_inner = [box], [crate]
    for value in (box, crate):
        with pytest.raises(TypeError, match="holds itself"):
            encode(value)


def test_foreign_value_is_refused() -> None:
    """What JSON cannot carry is named, however deep it lies."""
    with pytest.raises(TypeError, match=r"^object is not JSON serializable$"):
        encode_nested([*nest(3000), object()], encode)
    with pytest.raises(orjson.JSONEncodeError):
        encode_nested(["\udcff"], encode)
