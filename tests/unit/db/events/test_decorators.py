"""Registering handlers: what is accepted, and what is refused at once."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from openviper.db import Model
from openviper.db.events import model_event
from openviper.db.events.watchers import handlers, label_of
from openviper.db.hooks import EVENTS, HOOKS, VETOES, Hooks
from openviper.db.registry import registry


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Forget the handlers of each test."""
    with registry.isolated(), model_event.isolated():
        yield


async def note(instance: object, event: str, **extra: object) -> None:
    """Be a handler."""


def test_every_event_has_its_shortcut() -> None:
    """There is one for each hook and each event of many instances (C-117e)."""
    for event in EVENTS:
        assert getattr(model_event, event)("shop.Item")(note) is note
        assert model_event.trigger(f"shop.models.Item.{event}")(note) is note
    assert all(hasattr(Hooks, name) for name in HOOKS)


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ("shop.Item", "shop.Item"),
        ("shop.models.Item", "shop.Item"),
        ("a.shop.models.item.Item", "shop.Item"),
        ("__main__.Item", "main.Item"),
    ],
)
def test_names_of_a_model_are_one_label(target: str, label: str) -> None:
    """A model may be named before it is there."""
    assert label_of(target) == label


@pytest.mark.parametrize("target", ["", "Item", "shop.", ".Item", "shop.It em", "shop..Item"])
def test_what_is_no_name_is_refused(target: str) -> None:
    """A name without an app could mean any model (C-117i)."""
    with pytest.raises(ValueError, match=r"app\.Model"):
        model_event.after_insert(target)


@pytest.mark.parametrize("target", [3, None, object, dict])
def test_what_is_no_model_is_refused(target: Any) -> None:
    """Neither are other classes (C-117i)."""
    with pytest.raises(TypeError, match="model"):
        model_event.after_insert(target)


def test_unknown_event_is_refused() -> None:
    """The message has the one that was meant, and all there are (C-117i)."""
    with pytest.raises(ValueError, match=r"did you mean 'after_insert'.*post_bulk_update"):
        model_event.trigger("shop.Item.after_insrt")
    with pytest.raises(TypeError, match="shortcut"):
        model_event.trigger(Model)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(AttributeError, match=r"no event 'after_insrt'; did you mean 'after_insert'"):
        model_event.after_insrt(Model)  # type: ignore[attr-defined]  # what is refused


@pytest.mark.parametrize("event", sorted(VETOES))
def test_what_may_refuse_cannot_wait(event: str) -> None:
    """After the commit there is nothing left to refuse (C-117f)."""
    with pytest.raises(ValueError, match="commit"):
        model_event.trigger(f"shop.Item.{event}", on_commit=True)


class Called:
    """Can be called."""

    def __call__(self, instance: object, event: str, previous_state: object = None) -> None:
        pass

    def method(self, instance: object, **named: object) -> None:
        pass


@pytest.mark.parametrize(
    "handler",
    [
        lambda instance, event, **extra: None,
        lambda *args, **named: None,
        lambda instance, *, previous_state, event: None,
        functools.partial(lambda bound, instance, event, previous_state: None, 3),
        Called(),
        Called().method,
    ],
)
def test_whatever_can_be_called_is_a_handler(handler: Any) -> None:
    """Functions, methods, partial ones and objects with a call (C-117e)."""
    model_event.on_change("shop.Item")(handler)
    assert [one.function for one in handlers.all() if one.label == "shop.Item"] == [handler]


@pytest.mark.parametrize(
    "handler",
    [
        lambda: None,
        lambda instance: None,
        lambda instance, event: None,
        lambda instance, event, other, **extra: None,
        Called,
        "shop.events.note",
        None,
    ],
)
def test_what_could_not_be_called_is_refused(handler: Any) -> None:
    """Better where it is written than in the middle of a save (C-117i)."""
    with pytest.raises(TypeError, match="on_change"):
        model_event.on_change("shop.Item")(handler)


def test_generator_is_refused() -> None:
    """Nobody would run it (C-117i)."""

    async def handler(instance: object, event: str) -> Any:
        yield instance

    with pytest.raises(TypeError, match="yield"):
        model_event.after_insert("shop.Item")(handler)
