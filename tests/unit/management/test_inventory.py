"""The settings as a list for everybody's eyes."""

import datetime
import enum
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import settings
from openviper.conf.sources import SettingsSource
from openviper.management.inventory import SettingLine, list_settings, select
from openviper.primitives.json import decode, encode

SECRET = "hush-hush"


class Colour(enum.Enum):
    RED = "red"


class Client:
    """A value whose text gives its secret away."""

    def __repr__(self) -> str:
        return f"Client({SECRET})"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    settings.reset()


def line_of(name: str) -> SettingLine:
    return next(line for line in list_settings() if line.name == name)


def test_line_has_value_type_and_source() -> None:
    """Every setting is there with what it is, must be, and where that came from."""
    settings.configure(DEBUG=False, SHOP_LIMIT=3)

    assert line_of("DEBUG") == SettingLine("DEBUG", False, "bool", SettingsSource.CONFIGURED, known=True)
    assert line_of("X_FRAME_OPTIONS") == SettingLine(
        "X_FRAME_OPTIONS", "DENY", "str", SettingsSource.DEFAULT, known=True
    )
    assert line_of("SHOP_LIMIT") == SettingLine("SHOP_LIMIT", 3, "int", SettingsSource.CONFIGURED, known=False)


def test_settings_of_the_project_come_last() -> None:
    """The framework's settings stand first, the project's own behind them."""
    settings.configure(A_FIRST=1)

    assert list_settings()[-1].name == "A_FIRST"


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (datetime.timedelta(minutes=30), 1800, "1800"),
        (datetime.timedelta(milliseconds=1500), 1.5, "1.5"),
        (Colour.RED, "red", "'red'"),
        (Path("media"), "media", "'media'"),
        (Decimal("1.50"), "1.50", "'1.50'"),
        (datetime.date(2024, 2, 29), "2024-02-29", "'2024-02-29'"),
        ({1: (2, {3})}, {"1": (2, (3,))}, "{'1': (2, (3,))}"),
        (2**70, str(2**70), str(2**70)),
        (Client, f"{__name__}.Client", repr(f"{__name__}.Client")),
        (len, "builtins.len", "'builtins.len'"),
        ("".join, "str.join", "'str.join'"),
        (b"bytes", "<bytes>", "<bytes>"),
        ([Client()], ["<Client>"], "[<Client>]"),
        ("caf\udce9", "caf\\udce9", r"'caf\\udce9'"),
        (None, None, "None"),
    ],
)
def test_value_is_plain_data(value: object, shown: object, text: str) -> None:
    """Durations are seconds, objects are named by their class, and everything can be written as JSON."""
    settings.configure(SHOP_VALUE=value)

    line = line_of("SHOP_VALUE")

    assert (line.value, repr(line.value)) == (shown, text)
    assert encode(line.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", SECRET),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@db/shop"),
        ("DATABASES", {"default": {"OPTIONS": {"URL": SECRET}}}),
        ("SHOP_API_KEY", SECRET),
        ("SHOP_DSN", f"https://{SECRET}@example.com/1"),
        ("SHOP", {"deep": [{"client_secret": SECRET}], "url": f"amqp://me:{SECRET}@host"}),
        ("SHOP", Client()),
        ("SHOP", {f"redis://:{SECRET}@host": Client()}),
        ("SHOP", SECRET.encode()),
    ],
)
def test_no_line_shows_a_secret(name: str, value: object) -> None:
    """What is secret by its name, or by what it is, is hidden from text and JSON."""
    settings.configure(**{name: value})

    lines = list_settings()

    assert SECRET not in repr(lines)
    assert SECRET not in encode(lines).decode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.timedeltas(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=8,
    )
)
def test_every_value_can_be_written(value: object) -> None:
    """Whatever a project keeps in a setting becomes a line of JSON."""
    settings.reset()
    settings.configure(SHOP_VALUE=value)

    decode(encode(line_of("SHOP_VALUE").value))


def test_pattern_selects_by_name() -> None:
    """A name selects one setting, a pattern those that fit, in any case of letters."""
    settings.configure()
    lines = list_settings()

    assert [line.name for line in select(lines, "debug")] == ["DEBUG"]
    assert {line.name for line in select(lines, "cors_allow*")} == {
        "CORS_ALLOWED_HEADERS",
        "CORS_ALLOWED_METHODS",
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOW_CREDENTIALS",
    }
    assert select(lines, "CORS") == []
