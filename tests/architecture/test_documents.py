"""Nothing public is undocumented: commands, rooms, changes."""

import re

import pytest
from openviper.management.registry import command_names

from tests.architecture.rules import exported
from tests.architecture.source import ROOT, package

REFERENCE = ROOT / "docs" / "reference"
ROOMS = [source.module for source in package() if source.is_package and exported(source)]
KINDS = ("added", "changed", "fixed", "removed", "security")


def test_every_command_has_a_section() -> None:
    """Each command of the framework has a heading of its name in the reference."""
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^#+ (.+)$", page, re.MULTILINE)).replace("`", "").split()
    assert [name for name in command_names() if name not in headings] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_with_public_names_is_in_the_reference(room: str) -> None:
    """What a room lists in ``__all__`` is drawn from its docstrings into the pages of the programming interface."""
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((REFERENCE / "api").glob("*.md")))
    assert re.search(rf"^\.\. automodule:: {re.escape(room)}$", pages, re.MULTILINE), f"{room} is in no page of api/"


def test_changes_are_told_in_fragments() -> None:
    """Each file in ``changelog/`` is named ``<slug>.<kind>.md`` and holds one to three sentences."""
    fragments = [path for path in sorted((ROOT / "changelog").iterdir()) if path.name != "README.md"]
    assert fragments != []
    assert [path.name for path in fragments if not is_fragment_name(path.name)] == []
    assert [path.name for path in fragments if not 1 <= sentences(path.read_text(encoding="utf-8")) <= 3] == []


def is_fragment_name(name: str) -> bool:
    return re.fullmatch(rf"[a-z0-9-]+\.(?:{'|'.join(KINDS)})\.md", name) is not None


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|\Z)", re.sub(r"`[^`]*`", "code", text.strip())))


@pytest.mark.parametrize("name", ["settings.new.md", "settings.md", "Settings.added.md", "a b.added.md"])
def test_other_names_are_no_fragments(name: str) -> None:
    """The name of a fragment says what kind of change it tells."""
    assert not is_fragment_name(name)
    assert is_fragment_name("lazy-settings.added.md")


def test_sentences_are_counted() -> None:
    """Points inside code and version numbers end no sentence."""
    assert sentences("`cache.clear()` leaves files alone. Python 3.11 is enough.") == 2
    assert sentences("no end") == 0
