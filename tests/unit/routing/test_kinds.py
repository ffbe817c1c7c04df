"""What sort of class an annotation names."""

import dataclasses
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, NewType, TypedDict

import msgspec
import pytest
from pydantic import BaseModel

from openviper.http.uploads import UploadFile
from openviper.routing.kinds import (
    find_shape,
    is_body,
    is_pydantic,
    is_record,
    is_struct,
    is_typed_dict,
    is_upload,
    split_optional,
)


class Row(msgspec.Struct):
    number: int


@dataclasses.dataclass
class Point:
    x: int


class Note(TypedDict):
    text: str


class Model(BaseModel):
    text: str


class OwnUpload(UploadFile):
    pass


def test_records_are_told_apart() -> None:
    """Each kind of class with fields is known, and nothing else is."""
    asked = (is_struct, is_typed_dict, is_pydantic)
    assert [[ask(kind) for ask in asked] for kind in (Row, Note, Model, Point)] == [
        [True, False, False], [False, True, False], [False, False, True], [False, False, False],
    ]  # fmt: skip
    assert [is_record(kind) for kind in (Row, Note, Model, Point)] == [True] * 4
    assert [is_record(kind) for kind in (int, dict, "text", Row(1), object)] == [False] * 5
    assert [is_upload(kind) for kind in (UploadFile, OwnUpload, Row, "text")] == [True, True, False, False]


@pytest.mark.parametrize("kind", [Row, list[Row], dict, dict[str, int], Row | None, Row | Note, tuple[Row, ...]])
def test_body_without_a_marker(kind: object) -> None:
    """Records, dicts, and collections and unions of them."""
    assert is_body(kind)
    assert is_body(Annotated[kind, "note"])


RowId = NewType("RowId", int)
OwnPoint = NewType("OwnPoint", Point)


@pytest.mark.parametrize("kind", [Sequence[Row], Mapping[str, int], OwnPoint, list[OwnPoint], OwnPoint | None])
def test_abstract_collections_and_new_types_are_what_they_stand_for(kind: object) -> None:
    """A NewType is the type below it, and a collection one of values, however it is named."""
    assert is_body(kind)
    assert split_optional(RowId | None) == (int, True, ())


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (list, list),
        (list[int], list),
        (set[int], set),
        (frozenset[int], frozenset),
        (tuple[int, ...], tuple),
        (tuple[int, int], None),
        (tuple[int], None),
        (Sequence[int], list),
        (AbstractSet[int], frozenset),
        (deque[int], deque),
        (int, None),
        (dict[str, int], None),
        (Sequence, None),
    ],
)
def test_collection_is_made_in_its_shape(kind: object, shape: object) -> None:
    """Of as many values of one type as there are."""
    assert find_shape(kind) is shape


@pytest.mark.parametrize("kind", [int, list[int], Row | int, object, set[str]])
def test_no_body_without_a_marker(kind: object) -> None:
    """Plain values are no body unless they are marked."""
    assert not is_body(kind)


def test_annotation_is_taken_apart() -> None:
    """Type, whether None was there, and what it is annotated with, from the inside out."""
    assert split_optional(int) == (int, False, ())
    assert split_optional(Annotated[int | None, "a"]) == (int, True, ("a",))
    assert split_optional(Annotated[int, "a"] | None) == (int, True, ("a",))
    assert split_optional(int | str | None) == (int | str | None, True, ())
