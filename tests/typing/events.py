"""What a type checker tells the author of hooks and handlers; checkers read this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

from collections.abc import Mapping
from typing import assert_type

from openviper.db import Model, fields
from openviper.db.events import failed_handlers, model_event


class Note(Model):
    """Has hooks of its own."""

    text = fields.TextField()

    async def before_save(self) -> None:
        assert_type(self.text, str)
        await super().before_save()

    async def on_change(self, previous_state: Mapping[str, object]) -> None:
        assert_type(previous_state["text"], object)


class Wrong(Model):
    """Has hooks that nobody would call like this."""

    async def validate(self, value: int) -> None:  # type: ignore[override]  # hooks take nothing
        pass

    async def before_save(self) -> int:  # type: ignore[override]  # and give nothing
        return 1


@model_event.after_insert(Note, on_commit=True)
async def greet(instance: Note, event: str) -> int:
    """A handler stays the function that it was."""
    return len(instance.text)


@model_event.trigger("notes.Note.after_delete")
def forget(instance: Note, event: str) -> None:
    """Plain functions too."""


async def use(note: Note) -> None:
    """Call what was decorated."""
    assert_type(await greet(note, "after_insert"), int)
    assert_type(failed_handlers(), int)
    forget(note)  # type: ignore[call-arg]  # it takes the event as well
    model_event.after_insrt(Note)  # type: ignore[attr-defined]  # there is no such event
