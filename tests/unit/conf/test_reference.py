"""The reference page: every setting is there, as it is."""

import re
from pathlib import Path

import pytest

import openviper.conf
from openviper.conf import Settings
from openviper.conf.annotations import describe
from openviper.conf.base import class_default
from openviper.conf.environment import RESERVED

PAGE = Path(openviper.conf.__file__).parents[2] / "docs" / "reference" / "settings.md"
SECTION = re.compile(r"^### (?P<name>[A-Z0-9_]+)\n\n(?P<facts>Type .*)\n\n(?P<text>(?:.+\n|\n(?!#))+)", re.MULTILINE)
FACTS = re.compile(r"Type `(?P<type>[^`]+)`, default (?:`(?P<default>[^`]+)`|the [\w ]+)(?:, unit (?P<unit>[\w ]+))?\.")

TYPES = Settings().field_types()
SECTIONS = {found["name"]: found for found in SECTION.finditer(PAGE.read_text(encoding="utf-8"))}


def test_settings_and_sections_are_the_same() -> None:
    """Every setting has a section, and every section is that of a setting."""
    assert sorted(SECTIONS) == sorted(Settings.__dataclass_fields__)


@pytest.mark.parametrize("name", Settings.__dataclass_fields__)
def test_section_tells_the_truth(name: str) -> None:
    """A section gives the type and the default that the setting has, and says what it does."""
    facts = FACTS.fullmatch(SECTIONS[name]["facts"])
    assert facts is not None, SECTIONS[name]["facts"]
    assert facts["type"] == describe(TYPES[name])
    # The version of the framework changes with every release, so the page names it in words.
    assert name == "VERSION" or facts["default"] == repr(class_default(Settings, name))
    assert SECTIONS[name]["text"].strip()


@pytest.mark.parametrize(
    "name", [name for name, kind in TYPES.items() if describe(kind).split(" ")[0] in {"int", "float"}]
)
def test_number_has_a_unit(name: str) -> None:
    """A section of a number says what is counted."""
    facts = FACTS.fullmatch(SECTIONS[name]["facts"])
    assert facts is not None
    assert facts["unit"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_variable_is_documented(name: str) -> None:
    """Every variable of the framework stands in the table."""
    assert f"| `{name}` |" in PAGE.read_text(encoding="utf-8")
