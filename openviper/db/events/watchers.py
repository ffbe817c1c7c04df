"""Who waits for the events of a model: its own hooks and the handlers, found once and kept until something changes."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from openviper.conf import settings
from openviper.db.events.handler import Function, Handler, check_event, check_function, root_of
from openviper.db.events.stated import OPEN_ROOTS, load_stated, roots_of
from openviper.db.hooks import overridden_hooks
from openviper.db.options import Options
from openviper.db.registry import AnyModel, app_of, registry
from openviper.exceptions import ImproperlyConfigured

__all__ = ["HandlerRegistry", "Watchers", "handlers", "label_of", "watchers_of"]

logger = logging.getLogger("openviper.db.events")

_MOST_MODELS: Final = 5000
_DELETES: Final = frozenset({"on_delete", "after_delete"})


class Watchers:
    """What waits for the events of one model.

    Args:
        label: Of the model.
        hooks: The events for which it has a method of its own.
        found: Event to its handlers, in the order in which they run.
    """

    __slots__ = ("changes", "deletes", "events", "handlers", "hooks", "label")

    def __init__(self, label: str, hooks: frozenset[str], found: dict[str, tuple[Handler, ...]]) -> None:
        self.label = label
        self.hooks = hooks
        self.handlers = MappingProxyType(found)
        #: All events that anything waits for.
        self.events = hooks | found.keys()
        #: Whether anything waits for changes, whose old values have to be known then.
        self.changes = "on_change" in self.events
        #: Whether anything waits for the deletion of an instance.
        self.deletes = bool(self.events & _DELETES)


class HandlerRegistry:
    """The handlers of the process, by what they wait for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._registered: tuple[Handler, ...] = ()
        # What the setting names; None until it has been read.
        self._stated: tuple[Handler, ...] | None = None
        self._open_blocks = 0
        # Refused handlers that the log knows, so that each is told once.
        self._told: set[object] = set()
        #: Grows with every change.
        self.version = 0

    def register(self, label: str, event: str, function: Function, *, on_commit: bool = False) -> None:
        """Add a handler; the same function anew takes the place of the one that is there.

        Args:
            label: Of the model.
            event: Name of the event.
            function: What is called.
            on_commit: Whether it waits for the commit.

        Raises:
            ValueError: There is no such event, or it cannot wait.
            TypeError: The function cannot be called as a handler is.
        """
        check_event(event, on_commit=on_commit)
        check_function(function, event)
        with self._lock:
            is_trusted = self._open_blocks > 0
            made = Handler(label, event, function, on_commit, _module_of(function), is_trusted=is_trusted)
            others = [one for one in self._registered if not one.is_same(made)]
            self._registered = (*others, made)
            self.forget()
        # Once the setting has been read, the project is there; before, its settings may be on their way.
        if self._stated is not None:
            self._is_allowed(made)

    def remove(self, function: Function) -> None:
        """Forget a handler, whatever it waits for; one that is not there is no error."""
        with self._lock:
            self._registered = tuple(one for one in self._registered if one.function is not function)
            self.forget()

    def forget(self) -> None:
        """Find anew, at the next operation of each model, who waits for it."""
        self.version += 1
        _known.clear()

    def reread(self) -> None:
        """Read the setting anew when it is next needed; called when settings change."""
        self._stated = None
        self._told.clear()
        self.forget()

    def load(self) -> None:
        """Import what the setting names, unless that has been done, and tell of all that is refused.

        Raises:
            ImproperlyConfigured: The setting cannot work; all that is wrong with it is named.
        """
        if self._stated is not None:
            return
        # Not under the lock: a module that is imported here may register handlers in the middle of another import.
        stated = self._read_setting()
        with self._lock:
            self._stated = stated
            self.forget()
        for one in self._registered:
            self._is_allowed(one)

    def clear(self) -> None:
        """Forget all handlers of decorators, and read the setting anew; for tests."""
        with self._lock:
            self._registered = ()
            self.reread()

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Forget, at the end of a ``with`` block, the handlers registered within it, which may be from anywhere."""
        with self._lock:
            before = self._registered
            self._open_blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._registered = before
                self._open_blocks -= 1
                self.forget()

    def all(self) -> tuple[Handler, ...]:
        """List all handlers in the order in which they run, the setting's first; some may not be called."""
        return (*(self._stated or ()), *self._registered)

    def unknown(self) -> list[Handler]:
        """List the handlers that wait for models which do not exist; to be asked when all models have been made."""
        labels = {vars(base)["_meta"].label for model in registry for base in model.__mro__ if "_meta" in vars(base)}
        return [one for one in self.all() if one.label not in labels]

    def refused(self) -> list[Handler]:
        """List the handlers of decorators that may not be called."""
        return [one for one in self._registered if not self._is_allowed(one)]

    def tell_unknown(self) -> None:
        """Log the handlers that wait for models which do not exist."""
        for one in self.unknown():
            self._tell(f"{one.path} waits for {one.event} of {one.label}, and there is no such model")

    def find(self, options: Options) -> Watchers | None:
        """Find who waits for the events of a model; None where nobody does.

        Handlers of a class above count as well, as its methods do: of an abstract one, and of the parent of a proxy.

        Args:
            options: Of the model.

        Raises:
            ImproperlyConfigured: The setting cannot work.
        """
        self.load()
        labels = {vars(base)["_meta"].label for base in options.model.__mro__ if "_meta" in vars(base)}
        found: dict[str, list[Handler]] = {}
        for one in self.all():
            functions = [other.function for other in found.get(one.event, ())]
            # One that waits for a model and for the class above is called once.
            if one.label in labels and one.function not in functions and self._is_allowed(one):
                found.setdefault(one.event, []).append(one)
        hooks = overridden_hooks(options.model)
        if not hooks and not found:
            return None
        return Watchers(options.label, hooks, {event: tuple(some) for event, some in found.items()})

    def _read_setting(self) -> tuple[Handler, ...]:
        stated, faults = load_stated(settings.MODEL_EVENTS, settings.INSTALLED_APPS)
        wrong = [one.message for one in faults if one.kind != "outside"]
        if wrong:
            raise ImproperlyConfigured("; ".join(wrong))
        for fault in faults:
            self._tell(fault.message)
        return tuple(
            Handler(label_of(one.target), one.event, one.function, one.on_commit, one.path, is_stated=True)
            for one in stated
        )

    def _is_allowed(self, handler: Handler) -> bool:
        """Tell whether a handler may be called; whoever may not is in the log once."""
        root = root_of(handler.module)
        if handler.is_trusted or handler.is_stated or root in OPEN_ROOTS:
            return True
        roots = roots_of(settings.INSTALLED_APPS)
        # A script or a test without a project has no apps that its own code could be among.
        if root in roots or roots <= OPEN_ROOTS:
            return True
        self._tell(
            f"{handler.path}, registered for {handler.event} of {handler.label}, is outside of INSTALLED_APPS, so it "
            f"is never called; add the app that module {handler.module!r} belongs to"
        )
        return False

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            logger.error("%s", message)


class _Known(dict[Options, "Watchers | None"]):
    """Model to who waits for it; one that is not there is looked up and kept."""

    def __missing__(self, options: Options) -> Watchers | None:
        handlers.load()
        version = handlers.version
        found = handlers.find(options)
        if len(self) >= _MOST_MODELS:  # models that tests have made and forgotten
            self.clear()
        # Whoever registers meanwhile clears what is kept, and would not clear this.
        if version == handlers.version:
            self[options] = found
        return found


_known: Final = _Known()

#: The handlers of this process.
handlers: Final = HandlerRegistry()

#: Gives who waits for the events of a model, None where nobody does: a look into a dictionary, which each write takes.
watchers_of: Final[Callable[[Options], Watchers | None]] = _known.__getitem__

settings.on_change(handlers.reread)


def label_of(target: str | AnyModel) -> str:
    """Give the label of a model that is named by a class, by a dotted path or by the label itself.

    Args:
        target: ``Post``, ``"blog.models.Post"`` or ``"blog.Post"``; the model need not be there yet.

    Raises:
        TypeError: It is no model and no name.
        ValueError: It is no name that a model can have.
    """
    if isinstance(target, type):
        if "_meta" not in vars(target):
            raise TypeError(f"{target.__qualname__} is no model, so it has no events")
        return str(vars(target)["_meta"].label)
    if not isinstance(target, str):
        raise TypeError(f"{target!r} is no model; give the class, 'app.Model' or a dotted path")
    module, _, name = target.rpartition(".")
    if not module or not all(part.isidentifier() for part in target.split(".")):
        raise ValueError(f"{target!r} is no name of a model; write 'app.Model' or 'app.models.Model'")
    return f"{app_of(module)}.{name}"


def _module_of(function: Function) -> str:
    """Give the module that a handler is from; of an object that can be called, that of its class."""
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__module__", None) or type(inner).__module__)
