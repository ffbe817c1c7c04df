"""From a piece of a path to a value and back."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openviper.routing.converters import CONVERTERS, Converter, find_parser, register_converter, reset_converters
from openviper.routing.exceptions import RouteError


@pytest.fixture
def own_converter() -> Iterator[Converter]:
    """A converter of a project, gone afterwards."""
    converter = Converter("even", lambda text: int(text) if int(text) % 2 == 0 else int("odd"), str)
    register_converter(converter)
    yield converter
    reset_converters()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("int", "0", 0),
        ("int", "9" * 18, 10**18 - 1),
        ("float", "1.5", 1.5),
        ("float", "2", 2.0),
        ("uuid", "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        ("slug", "a-B_9", "a-B_9"),
        ("str", "ä b", "ä b"),
        ("path", "a/b.txt", "a/b.txt"),
        ("path", "", ""),
        ("path", "a/..b", "a/..b"),
    ],
)
def test_text_that_fits_is_converted(name: str, text: str, value: object) -> None:
    """Each kind takes its own form."""
    assert CONVERTERS[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("int", "9" * 19),
        ("int", "-1"),
        ("int", "1_0"),
        ("int", "٣"),
        ("int", ""),
        ("int", " 1"),
        ("float", "nan"),
        ("float", "1e5"),
        ("float", "1."),
        ("float", ".5"),
        ("float", "1.2.3"),
        ("uuid", "{00000000-0000-0000-0000-000000000001}"),
        ("uuid", "00000000000000000000000000000001"),
        ("uuid", "0000000g-0000-0000-0000-000000000001"),
        ("uuid", "0x000000-0000-0000-0000-000000000001"),
        ("uuid", "+0000000-0000-0000-0000-000000000001"),
        ("uuid", " 0000000-0000-0000-0000-000000000001"),
        ("uuid", "0000000_-0000-0000-0000-000000000001"),
        ("uuid", "٣0000000-0000-0000-0000-000000000001"),
        ("uuid", "0000000--0000-0000-0000-000000000001"),
        ("slug", "a b"),
        ("slug", ""),
        ("str", ""),
        ("str", ".."),
        ("str", "a\0b"),
        ("path", "../../etc/passwd"),
        ("path", "a/.."),
        ("path", "a\0"),
        ("path", "/etc/passwd"),
        ("path", "a//b"),
        ("path", "a/"),
        ("path", "./a"),
        ("path", "a/./b"),
        ("path", "..\\..\\a"),
    ],
)
def test_text_that_does_not_fit_is_refused(name: str, text: str) -> None:
    """One value has one form, and digits are bounded."""
    with pytest.raises(ValueError, match=r".+"):
        CONVERTERS[name].parse(text)


@given(st.integers(0, 10**18 - 1), st.uuids(), st.floats(0, 1e15))
def test_what_is_written_is_read_back(number: int, key: uuid.UUID, amount: float) -> None:
    """A link leads to the value that it was made from."""
    for name, value in (("int", number), ("uuid", key)):
        assert CONVERTERS[name].parse(CONVERTERS[name].format(value)) == value
    assume(amount == 0 or amount > 1e-15)
    assert CONVERTERS["float"].parse(CONVERTERS["float"].format(amount)) == amount


@given(st.text(alphabet=st.sampled_from("a./\\\0")))
def test_path_that_is_read_can_be_written_and_stays_below_its_folder(text: str) -> None:
    """Reading and writing a path refuse the same values, and what passes is relative and plain."""
    kind = CONVERTERS["path"]
    try:
        value = kind.parse(text)
    except ValueError:
        with pytest.raises(ValueError, match=r".+"):
            kind.format(text)
        return
    assert kind.format(value) == text
    assert not text.startswith("/")
    assert not {".", ".."} & set(text.split("/"))


def test_small_and_exact_numbers_are_written_in_full() -> None:
    """A float stands in a link as the shortest decimal that reads back equal."""
    numbers = (2.0, 0.1, 1e-20, 10**16)
    assert [CONVERTERS["float"].format(number) for number in numbers] == [
        "2", "0.1", "0.00000000000000000001", "10000000000000000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("int", -1),
        ("int", "1"),
        ("int", True),
        ("int", 10**18),
        ("str", "a/b"),
        ("str", ".."),
        ("str", ""),
        ("slug", "a b"),
        ("uuid", "1"),
        ("float", "x"),
        ("float", 1e-40),
        ("float", -1.5),
        ("float", float("nan")),
        ("float", float("inf")),
        ("float", 2**53 + 1),
        ("str", "a\0b"),
        ("uuid", "0x000000-0000-0000-0000-000000000001"),
        ("path", "/absolute"),
        ("path", "a/../b"),
        ("path", "a//b"),
        ("path", "a\\b"),
    ],
)
def test_value_that_would_not_come_back_is_not_written(name: str, value: object) -> None:
    """A link that leads elsewhere is refused where it is made."""
    with pytest.raises(ValueError, match=r".+"):
        CONVERTERS[name].format(value)


def test_converter_of_a_project_has_a_name_of_its_own(own_converter: Converter) -> None:
    """The same one may be registered twice, another one under its name may not."""
    register_converter(own_converter)
    with pytest.raises(RouteError, match="'even' exists already"):
        register_converter(Converter("even", int, str))
    with pytest.raises(RouteError, match="no identifier"):
        register_converter(Converter("not one", int, str))


def test_own_converters_can_be_forgotten(own_converter: Converter) -> None:
    """Those of the framework stay."""
    assert CONVERTERS["even"] is own_converter
    reset_converters()
    assert sorted(CONVERTERS) == ["float", "int", "path", "slug", "str", "uuid"]


@pytest.mark.parametrize("text", [".", "..", "a/../b", "a\0"])
def test_converter_of_a_project_is_kept_from_hostile_text(text: str) -> None:
    """One that takes any text cannot be led out of a folder."""
    anything = Converter("anything", str, str, spans_segments=True)
    assert find_parser(anything)("a/..b") == "a/..b"
    with pytest.raises(ValueError, match="dot segment"):
        find_parser(anything)(text)
