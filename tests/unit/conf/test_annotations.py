"""What annotations mean: reading them, shaping values to them, writing them."""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypedDict

import pytest

from openviper.conf.annotations import (
    class_variable_type,
    declared_types,
    describe,
    fit,
    has_kind,
    infer,
    is_container,
    is_setting_name,
    matches,
    members,
    resolve,
)


class Colour(StrEnum):
    RED = "red"


class Shape(TypedDict):
    sides: int


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (True, bool),
        (3, int),
        (3, float),
        (2.5, float),
        ("x", str),
        ((), tuple[str, ...]),
        (("a", "b"), tuple[str, ...]),
        ((1, "a"), tuple[int, str]),
        (["a"], list[str]),
        ({"a": 1}, dict[str, int]),
        ({"a": object()}, dict[str, Any]),
        ({"a"}, set[str]),
        (None, None),
        (None, int | None),
        (4, int | None),
        ("Lax", Literal["Lax", "Strict"]),
        (Colour.RED, Colour),
        (Colour.RED, str),
        (timedelta(1), timedelta),
        (Path("x"), Path),
        (object(), Any),
        (object(), object),
        (3, Annotated[int, "metres"]),
        (3, Final[int]),
        ({"sides": 3}, Shape),
        (3, "a name that cannot be read"),
    ],
)
def test_fitting_value(value: object, annotation: object) -> None:
    """A value of the type fits; so does anything where the type cannot be checked at run time."""
    assert matches(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, bool),
        (True, int),
        (True, float),
        ("3", int),
        (3, str),
        (["a"], tuple[str, ...]),
        (("a", 1), tuple[str, ...]),
        ((1,), tuple[int, str]),
        (("a", 1), tuple[int, str]),
        ([1], list[str]),
        ({"a": "b"}, dict[str, int]),
        ({1: 1}, dict[str, int]),
        ({1}, set[str]),
        (None, int),
        ("x", int | None),
        ("lax", Literal["Lax", "Strict"]),
        (True, Literal[1]),
        ("red", Colour),
        (3600, timedelta),
        ("x", Annotated[int, "metres"]),
    ],
)
def test_value_of_another_type(value: object, annotation: object) -> None:
    """A value of another type does not fit; a switch is no number."""
    assert not matches(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "shaped"),
    [
        (["a", "b"], tuple[str, ...], ("a", "b")),
        (["a", "b"], tuple, ("a", "b")),
        ([1, "a"], tuple[int, str], (1, "a")),
        (["a"], tuple[str, ...] | str | None, ("a",)),
        (["a"], list[str], ["a"]),
        (["a"], list[str] | tuple[str, ...], ["a"]),
        (["a"], object, ["a"]),
        (Path("x/y"), str, os.fspath(Path("x/y"))),
        (Path("x"), str | None, "x"),
        (Path("x"), Path, Path("x")),
        (Path("x"), str | Path, Path("x")),
        ([Path("x"), "y"], tuple[str, ...], ("x", "y")),
        ((Path("x"),), tuple[str, ...], ("x",)),
        ((Path("x"),), tuple[Path, ...], (Path("x"),)),
        ("a,b", tuple[str, ...], "a,b"),
        (3, tuple[str, ...], 3),
    ],
)
def test_shape(value: object, annotation: object, shaped: object) -> None:
    """A list becomes a tuple and a path becomes text where the type asks for it; nothing else changes (A-26)."""
    assert fit(value, annotation) == shaped
    assert type(fit(value, annotation)) is type(shaped)


@pytest.mark.parametrize(
    ("annotation", "written"),
    [
        (str, "str"),
        (tuple[str, ...], "tuple[str, ...]"),
        (dict[str, Any], "dict[str, Any]"),
        (int | None, "int | None"),
        (Literal["Lax", "None"], "Literal['Lax', 'None']"),
        (timedelta, "timedelta"),
        (Annotated[int, 3], "int"),
        (Colour, "Colour"),
    ],
)
def test_written_type(annotation: object, written: str) -> None:
    """A type is written as its source would be."""
    assert describe(annotation) == written


def test_members_of_nested_unions() -> None:
    """Alternatives are given flat, in their order, without what is wrapped around them."""
    assert members(Annotated[int | None, 3] | str) == (int, type(None), str)


def test_first_declaration_decides() -> None:
    """A subclass that annotates a name anew does not change what the name must be."""

    class Parent:
        LIMIT: int
        OWN: ClassVar[int]

    class Child(Parent):
        LIMIT: bool
        EXTRA: "str | None"

    assert declared_types(Child) == {"LIMIT": int, "OWN": ClassVar[int], "EXTRA": str | None}


def test_text_is_read_where_it_stands() -> None:
    """An annotation that is text means the names of its own module and class; others say nothing."""
    assert resolve("tuple[Name, ...]", {"Name": int}) == tuple[int, ...]
    assert resolve("Inner", {}, {"Inner": str}) is str
    assert resolve("OnlyForTypeCheckers", {}) is object
    assert resolve("not python (", {}) is object


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, bool), (1, int), ("a", str), ([], list), (Colour.RED, str), (timedelta(1), timedelta), (None, object)],
)
def test_type_of_a_name_without_annotation(value: object, kind: object) -> None:
    """A name without annotation has the type of its value; a value that says nothing allows anything."""
    assert infer(value) is kind


@pytest.mark.parametrize(("name", "is_setting"), [("DEBUG", True), ("A_1", True), ("_X", False), ("Debug", False)])
def test_names(name: str, is_setting: bool) -> None:
    """A setting is upper case and not private."""
    assert is_setting_name(name) is is_setting


@pytest.mark.parametrize(
    ("annotation", "inner"),
    [
        (ClassVar[int], int),
        (ClassVar, object),
        ("ClassVar[dict[str, int]]", "dict[str, int]"),
        ("ClassVar[OnlyForTypeCheckers]", "OnlyForTypeCheckers"),
        ("CV", object),
        (int, None),
        ("int", None),
        ("not python (", None),
    ],
)
def test_type_inside_a_class_variable(annotation: object, inner: object) -> None:
    """A ClassVar is found under any name and as text; what stands inside is given as it was written."""
    assert class_variable_type(annotation, {"ClassVar": ClassVar, "CV": ClassVar}) == inner


@pytest.mark.parametrize(
    ("value", "annotation", "has"),
    [
        ((1,), tuple[str, ...], True),
        ([], tuple[str, ...], False),
        ({"a": "b"}, dict[str, int], True),
        (None, tuple[str, ...] | None, True),
        ("", float | None, False),
        (1, float | None, True),
    ],
)
def test_kind_of_a_value(value: object, annotation: object, has: bool) -> None:
    """The kind of a container is told without looking at its items."""
    assert has_kind(value, annotation) is has


def test_containers() -> None:
    """Tuples, lists, tables and sets hold items, also where there may be none."""
    assert is_container(tuple[str, ...] | None)
    assert is_container(dict)
    assert not is_container(str | None)
