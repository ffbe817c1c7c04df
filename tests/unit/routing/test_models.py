"""Values that pydantic validates."""

import datetime as dt
import threading
import tracemalloc
from typing import Annotated

import msgspec
import pydantic
import pytest

from openviper.routing.faults import MOST_FAULTS
from openviper.routing.models import (
    ModelReader,
    is_fault,
    is_pydantic_error,
    iter_model_faults,
    uses_models,
)


class Numbers(pydantic.BaseModel):
    values: list[int] = []
    names: dict[str, int] = {}
    inner: "list[Numbers]" = []


class Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    at: dt.datetime


def _refused(reader: ModelReader, text: bytes) -> ValueError:
    with pytest.raises(ValueError) as caught:
        reader.decode(text)
    return caught.value


def test_faults_have_their_paths() -> None:
    """Each fault is told with the way to its value, what is missing and what nobody knows by its name."""
    reader = ModelReader(Numbers)
    text = b'{"values": [1, "x"], "inner": [{"names": {"a": []}}]}'
    found = reader.explain(text, _refused(reader, text))
    assert [one["path"] for one in found] == [["values", 1], ["inner", 0, "names", "a"]]


def test_large_text_stops_at_the_first_fault_of_a_list() -> None:
    """A million wrong items cost neither the memory nor the time of a million faults."""
    reader = ModelReader(Numbers)
    text = b'{"values": [' + b'"",' * 1_000_000 + b'1], "inner": [{"values": [1, ""]}]}'
    tracemalloc.start()
    error = _refused(reader, text)
    found = reader.explain(text, error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one["path"] for one in found] == [["values", 0], ["inner", 0, "values", 1]]
    assert peak < 20_000_000


def test_short_text_with_many_faults_names_the_first() -> None:
    """More faults than anybody reads are not written out."""
    reader = ModelReader(Numbers)
    few, many = (b'{"values": [' + b'"",' * count + b"1]}" for count in (500, 5_000))
    assert len(reader.explain(few, _refused(reader, few))) == MOST_FAULTS
    assert [one["path"] for one in reader.explain(many, _refused(reader, many))] == [["values", 0]]


def test_entries_of_an_object_are_counted() -> None:
    """An object of very many wrong entries is refused as a whole, one of few by their names."""
    reader = ModelReader(dict[str, dict[str, int]])
    padding = b'"%s": 1' % (b"p" * 70_000)
    few = b'{"a": {"x": "", "y": 1, %s}, "b": {"z": ""}}' % padding
    assert [one["path"] for one in reader.explain(few, _refused(reader, few))] == [["a", "x"], ["b", "z"]]
    many = b'{"a": {%s}}' % b",".join(b'"key%d": ""' % number for number in range(10_000))
    assert [one["message"] for one in reader.explain(many, _refused(reader, many))] == [
        "More than 1000 entries of an object do not fit."
    ]
    assert reader.decode(b'{"a": {%s}}' % b",".join(b'"key%d": 1' % number for number in range(10_000)))


class Closed(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    number: int = 1


class Holder(pydantic.BaseModel):
    closed: Closed
    free: dict[str, object] = {}


def test_unknown_fields_are_counted() -> None:
    """A model that forbids other fields tells a few of them by name, and very many as a whole."""
    reader = ModelReader(Holder)
    padding = b'"free": {"p": "%s"}' % (b"p" * 70_000)
    few = b'{"closed": {"x": 1, "number": "y", "z": 2}, %s}' % padding
    found = reader.explain(few, _refused(reader, few))
    assert sorted((str(one["path"]), one["type"]) for one in found) == [
        ("['closed', 'number']", "invalid"),
        ("['closed', 'x']", "unknown"),
        ("['closed', 'z']", "unknown"),
    ]
    many = b'{"closed": {%s}}' % b",".join(b'"key%d": 1' % number for number in range(10_000))
    assert len(reader.explain(many, _refused(reader, many))) == 1
    good = b'{"closed": {"number": 2}, %s}' % padding
    assert reader.decode(good) == Holder.model_validate_json(good)


def test_wrong_keys_are_counted() -> None:
    """Keys that are no numbers end the reading as wrong values do, and numbers are read, for a strict model too."""

    class Counted(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(strict=True)
        counts: dict[int, int]

    reader = ModelReader(Counted)
    many = b'{"counts": {%s}}' % b",".join(b'"key%d": 1' % number for number in range(10_000))
    assert len(reader.explain(many, _refused(reader, many))) == 1
    good = b'{"counts": {%s}}' % b",".join(b'"%d": 1' % number for number in range(10_000))
    assert reader.decode(good) == Counted.model_validate_json(good)


def test_large_text_means_what_a_small_one_means() -> None:
    """A strict model, a recursive one and its defaults are read alike, whatever the length."""
    space = b" " * 70_000
    for reader, text in (
        (ModelReader(Strict), b'{"at": "2026-01-02T03:04:05Z"}'),
        (ModelReader(dict[str, Strict]), b'{"a": {"at": "2026-01-02T03:04:05Z"}}'),
        (ModelReader(Numbers), b'{"inner": [{"inner": [{}], "names": {"1": 2}}]}'),
    ):
        assert reader.decode(text) == reader.decode(text + space)


def test_value_out_of_a_text_is_read_as_in_it() -> None:
    """A strict model takes a date as JSON has it, within a Struct too."""
    assert ModelReader(Strict).make({"at": "2026-01-02T03:04:05Z"}) == Strict(
        at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    )


def test_rules_hold_for_the_whole() -> None:
    """Lengths beside a list of models are looked at."""
    reader = ModelReader(list[Numbers], {"min_length": 1, "max_length": 2})
    assert len(reader.decode(b"[{}]")) == 1  # type: ignore[arg-type]  # a list, as the test says
    for text in (b"[]", b"[{}, {}, {}]"):
        assert [one["path"] for one in reader.explain(text, _refused(reader, text))] == [[]]


def test_broken_text_is_no_fault_of_a_value() -> None:
    """What is no JSON is told from what does not fit."""
    reader = ModelReader(Numbers)
    assert not is_fault(_refused(reader, b'{"values": ['))
    assert not is_fault(_refused(reader, b'{"values": [NaN]}'))
    assert is_fault(_refused(reader, b'{"values": 1}'))
    assert is_pydantic_error(_refused(reader, b"[]"))


def test_faults_beyond_number_are_one() -> None:
    """What has been collected already is told as a number."""
    with pytest.raises(pydantic.ValidationError) as caught:
        Numbers.model_validate({"values": [""] * 2_000})
    (fault,) = iter_model_faults(caught.value, ("a",), source="query")
    assert (fault["in"], fault["path"]) == ("query", ["a"])
    assert "2000 values" in str(fault["message"])


def test_models_are_found_in_brackets() -> None:
    """Pydantic reads collections of its models, and nothing else."""
    assert uses_models(Annotated[list[Numbers] | None, 1])
    assert not uses_models(list[msgspec.Struct])


def test_threads_count_for_themselves() -> None:
    """A wrong text that is read in another thread meanwhile is no fault of a good one."""
    many = b"{%s}" % b",".join(b'"key%d": ""' % number for number in range(10_000))
    done: list[int] = []

    def read_meanwhile(value: int) -> int:
        if value == 1 and not done:
            done.append(value)
            thread = threading.Thread(target=_refused, args=(reader, many))
            thread.start()
            thread.join()
        return value

    reader = ModelReader(dict[str, Annotated[int, pydantic.AfterValidator(read_meanwhile)]])
    good = b"{%s}" % b",".join(b'"key%d": %d' % (number, number) for number in range(10_000))
    assert len(reader.decode(good)) == 10_000  # type: ignore[arg-type]  # a dict, as the test says
    assert done == [1]
