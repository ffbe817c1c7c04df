"""The decorators by which a function becomes a handler."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from openviper.db.events.handler import Function, check_event, describe_unknown
from openviper.db.events.watchers import handlers, label_of
from openviper.db.registry import AnyModel

__all__ = ["ModelEvent", "model_event"]

F = TypeVar("F", bound=Function)


class _Shortcut:
    """The decorator for one event: ``@model_event.after_insert("blog.Post")``."""

    __slots__ = ("_event",)

    def __init__(self, event: str) -> None:
        self._event = event

    def __call__(self, model: str | AnyModel, *, on_commit: bool = False) -> Callable[[F], F]:
        """Give the decorator for a model.

        Args:
            model: The class, ``"blog.Post"`` or ``"blog.models.Post"``; it need not be there yet.
            on_commit: Whether the handler waits for the commit of the transaction, see ``trigger()``.

        Raises:
            TypeError: The model is neither a class nor a name; or the function cannot be called as a handler is.
            ValueError: It is no name that a model can have, or the event cannot wait for a commit.
        """
        check_event(self._event, on_commit=on_commit)
        label = label_of(model)

        def register(function: F) -> F:
            handlers.register(label, self._event, function, on_commit=on_commit)
            return function

        return register


class ModelEvent:
    """Registers handlers of model events: by name with ``trigger()``, or with the shortcut of an event.

    A handler is called as ``handler(instance, event="after_insert", **extra)``, and awaited if it is async. It takes
    part from the next operation on. Its module has to be below an installed app; of others it is logged and not called.
    """

    __slots__ = ()

    before_validate = _Shortcut("before_validate")
    validate = _Shortcut("validate")
    before_insert = _Shortcut("before_insert")
    before_save = _Shortcut("before_save")
    after_insert = _Shortcut("after_insert")
    on_update = _Shortcut("on_update")
    on_change = _Shortcut("on_change")
    on_delete = _Shortcut("on_delete")
    after_delete = _Shortcut("after_delete")
    pre_bulk_create = _Shortcut("pre_bulk_create")
    post_bulk_create = _Shortcut("post_bulk_create")
    pre_bulk_update = _Shortcut("pre_bulk_update")
    post_bulk_update = _Shortcut("post_bulk_update")

    if not TYPE_CHECKING:  # to which a shortcut that is not there is an error by itself

        def __getattr__(self, name: str) -> NoReturn:
            """Name the event that may have been meant."""
            raise AttributeError(describe_unknown(name), name=name, obj=self)

    def trigger(self, path: str, *, on_commit: bool = False) -> Callable[[F], F]:
        """Give the decorator for an event that is named along with its model.

        Args:
            path: ``"blog.models.Post.after_insert"`` or ``"blog.Post.after_insert"``.
            on_commit: Whether the handler waits until the outermost transaction is committed, and is dropped if any
                around it is rolled back; without a transaction it runs at once. Only events after the statement wait.

        Raises:
            TypeError: The path is no text; or the function cannot be called as a handler is.
            ValueError: There is no such event, it cannot wait, or the path names no model.
        """
        if not isinstance(path, str):
            raise TypeError(f"trigger() takes 'app.Model.event', not {path!r}; for a class use a shortcut")
        model, _, event = path.rpartition(".")
        return _Shortcut(event)(model, on_commit=on_commit)

    def remove(self, function: Function) -> None:
        """Forget a handler, whatever it waits for; one that is not registered is no error."""
        handlers.remove(function)

    def clear(self) -> None:
        """Forget all handlers of decorators; for tests."""
        handlers.clear()

    def isolated(self) -> AbstractContextManager[None]:
        """Forget, at the end of a ``with`` block, the handlers registered within it; for tests.

        Those may be from any module: that of a test belongs to no app.
        """
        return handlers.isolated()


#: What handlers are registered with.
model_event: Final = ModelEvent()
