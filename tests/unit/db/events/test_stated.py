"""What MODEL_EVENTS may say, and what is wrong with the rest of it."""

import pytest

from openviper.db.events.stated import load_stated

HERE = __name__


async def note(instance: object, event: str) -> None:
    """Be a handler."""


wrong = "no function"


def test_paths_and_tables_name_handlers() -> None:
    """A table in place of a path has options (C-117)."""
    events = {"shop.Item": {"after_insert": [f"{HERE}.note", {"handler": f"{HERE}.note", "on_commit": True}]}}
    stated, faults = load_stated(events, ["tests.unit"])
    assert faults == []
    assert [(one.target, one.event, one.function, one.on_commit) for one in stated] == [
        ("shop.Item", "after_insert", note, False),
        ("shop.Item", "after_insert", note, True),
    ]


@pytest.mark.parametrize(
    ("events", "kind", "said"),
    [
        (["shop.Item"], "form", "MODEL_EVENTS is list"),
        ({"Item": {}}, "form", "'Item'"),
        ({3: {}}, "form", "3"),
        ({"shop.Item": ["after_insert"]}, "form", "list"),
        ({"shop.Item": {"after_insert": f"{HERE}.note"}}, "form", "no list"),
        ({"shop.Item": {"after_insert": [3]}}, "form", "3"),
        ({"shop.Item": {"after_insert": [{"handler": f"{HERE}.note", "on_comit": True}]}}, "form", "on_comit"),
        ({"shop.Item": {"after_insert": [{"handler": f"{HERE}.note", "on_commit": 1}]}}, "form", "on_commit"),
        ({"shop.Item": {"before_save": [{"handler": f"{HERE}.note", "on_commit": True}]}}, "form", "commit"),
        ({"shop.Item": {"saved": [f"{HERE}.note"]}}, "form", "'saved'"),
        ({"shop.Item": {"after_insert": [f"{HERE}.wrong"]}}, "form", "no function"),
        ({"shop.Item": {"on_change": [f"{HERE}.note"]}}, "form", "previous_state"),
        ({"shop.Item": {"after_insert": [f"{HERE}.nothing"]}}, "import", "nothing"),
        ({"shop.Item": {"after_insert": ["tests.nowhere.note"]}}, "import", "tests.nowhere"),
        ({"shop.Item": {"after_insert": ["testsevil.note"]}}, "outside", "testsevil.note"),
        ({"shop.Item": {"after_insert": ["note"]}}, "outside", "note"),
    ],
)
def test_each_fault_is_named(events: object, kind: str, said: str) -> None:
    """The message has the place and the value; what else is right is still read (C-117i)."""
    stated, faults = load_stated(events, ["tests"])
    assert stated == []
    (fault,) = faults
    assert fault.kind == kind
    assert said in fault.message


def test_one_fault_does_not_hide_the_next() -> None:
    """All of them are listed, in the order of the setting (C-117i)."""
    events = {"shop.Item": {"saved": ["a.b"], "after_insert": ["evil.b", f"{HERE}.note"]}, "Item": {}}
    stated, faults = load_stated(events, ["tests"])
    assert [fault.kind for fault in faults] == ["form", "outside", "form"]
    assert len(stated) == 1
