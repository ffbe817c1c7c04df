"""Nothing public is undocumented: commands, rooms, changes."""

import re

import pytest

from openviper.management.registry import command_names
from tests.architecture.rules import exported
from tests.architecture.source import ROOT, package

REFERENCE = ROOT / "docs" / "reference"
FRONT_DOOR = "openviper"
# Rooms say in `__all__` what is public; these modules are public under their own names.
NAMED = [
    "openviper.apps.bootstrap",
    "openviper.auth.middleware",
    "openviper.core.app_resolver",
    "openviper.core.checks",
    "openviper.core.context",
    "openviper.core.flexible_adapter",
    "openviper.db.connections",
    "openviper.db.events",
    "openviper.db.exceptions",
    "openviper.db.hooks",
    "openviper.db.monitor",
    "openviper.db.permissions",
    "openviper.db.routing",
    "openviper.db.transactions",
    "openviper.exceptions",
    "openviper.http.request",
    "openviper.http.response",
    "openviper.middleware.auth",
    "openviper.middleware.base",
    "openviper.middleware.cors",
    "openviper.middleware.security",
    "openviper.routing.router",
    "openviper.server.run",
]
ROOMS = [source.module for source in package() if source.is_package and exported(source)]
PUBLIC = sorted({*NAMED, *(room for room in ROOMS if room.count(".") <= 1)})
KINDS = ("added", "changed", "fixed", "removed", "security")


def test_every_command_has_a_section() -> None:
    """Each command of the framework has a heading of its name in the reference."""
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^#+ (.+)$", page, re.MULTILINE)).replace("`", "").split()
    assert [name for name in command_names() if name not in headings] == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_module_is_in_the_reference(module: str) -> None:
    """What is public is drawn from its docstrings into the pages of the reference."""
    pages = [REFERENCE / "exceptions.md", *(REFERENCE / "api").glob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert re.search(rf"^\.\. automodule:: {re.escape(module)}$", text, re.MULTILINE), f"{module} is in no page"


def test_every_name_of_the_front_door_is_in_its_table() -> None:
    """The page on the application says where each name of the front door is described."""
    page = (REFERENCE / "api" / "application.md").read_text(encoding="utf-8")
    names = next(exported(source) for source in package() if source.module == FRONT_DOOR) or []
    assert [name for name in names if f"`{name}`" not in page] == []


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
