"""What ``MODEL_EVENTS`` says, read and found wanting where it is."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from openviper.conf.border import named_failure
from openviper.db.events.handler import Function, check_event, check_function, root_of
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.imports import import_string

__all__ = ["OPEN_ROOTS", "Fault", "Stated", "load_stated", "roots_of"]

#: What may always be called: the framework's own, and the script that runs.
OPEN_ROOTS: Final = frozenset({"openviper", "__main__"})

_FORM: Final = (
    "write {'app.Model': {'after_insert': ['package.module.function']}}; in place of a path, "
    "{'handler': 'package.module.function', 'on_commit': True}"
)

_Kind: TypeAlias = Literal["form", "outside", "import"]


class Stated(NamedTuple):
    """A handler that the setting names.

    Args:
        target: The model, as the setting has it.
        event: Name of the event.
        path: The function's dotted path.
        function: The function.
        on_commit: Whether it waits for the commit.
    """

    target: str
    event: str
    path: str
    function: Function
    on_commit: bool


class Fault(NamedTuple):
    """Something wrong in the setting.

    Args:
        kind: Which mend it needs.
        message: What is wrong, where.
    """

    kind: _Kind
    message: str


class _Entry(NamedTuple):
    target: str
    event: str
    path: str
    on_commit: bool


def roots_of(apps: Collection[object]) -> frozenset[str]:
    """Give the root packages of installed apps.

    Args:
        apps: The entries of ``INSTALLED_APPS``.
    """
    return frozenset(root_of(app) for app in apps if isinstance(app, str))


def load_stated(events: object, apps: Collection[object]) -> tuple[list[Stated], list[Fault]]:
    """Import the handlers of the setting that may be called; of the others no module is imported.

    Args:
        events: The value of ``MODEL_EVENTS``.
        apps: That of ``INSTALLED_APPS``.

    Returns:
        The handlers, and what is wrong in the setting.
    """
    roots = roots_of(apps) | OPEN_ROOTS
    stated: list[Stated] = []
    faults: list[Fault] = []
    for one in _read(events):
        if isinstance(one, Fault):
            faults.append(one)
        elif root_of(one.path) not in roots:
            message = f"{one.path}, the handler of {one.event} of {one.target} in MODEL_EVENTS, is outside of"
            faults.append(Fault("outside", f"{message} INSTALLED_APPS, so it is never called"))
        elif isinstance(found := _load(one), Fault):
            faults.append(found)
        else:
            stated.append(found)
    return stated, faults


def _load(entry: _Entry) -> Stated | Fault:
    place = f"{entry.path!r}, the handler of {entry.event} of {entry.target} in MODEL_EVENTS,"
    try:
        with named_failure(place):
            function = import_string(entry.path)
    except ImproperlyConfigured as error:
        return Fault("import", str(error))
    try:
        checked = check_function(function, entry.event)
    except TypeError as error:
        return Fault("form", f"{place} is none: {error}")
    return Stated(entry.target, entry.event, entry.path, checked, entry.on_commit)


def _read(events: object) -> Iterator[_Entry | Fault]:
    if not isinstance(events, Mapping):
        yield Fault("form", f"MODEL_EVENTS is {type(events).__name__}; {_FORM}")
        return
    for target, by_event in events.items():
        if not isinstance(target, str) or "." not in target or not all(map(str.isidentifier, target.split("."))):
            yield Fault("form", f"MODEL_EVENTS has the key {target!r}, which is no 'app.Model' and no dotted path")
        elif not isinstance(by_event, Mapping):
            yield Fault("form", f"MODEL_EVENTS[{target!r}] is {type(by_event).__name__}; {_FORM}")
        else:
            for event, entries in by_event.items():
                yield from _read_entries(target, event, entries)


def _read_entries(target: str, event: object, entries: object) -> Iterator[_Entry | Fault]:
    place = f"MODEL_EVENTS[{target!r}][{event!r}]"
    if not isinstance(entries, list | tuple):
        yield Fault("form", f"{place} is {type(entries).__name__} and no list of handlers; {_FORM}")
        return
    for entry in entries:
        options = dict(entry) if isinstance(entry, Mapping) else {"handler": entry}
        path, on_commit = options.pop("handler", None), options.pop("on_commit", False)
        if not isinstance(path, str) or not isinstance(on_commit, bool) or options:
            yield Fault("form", f"{place} holds {entry!r}; {_FORM}")
            continue
        try:
            check_event(str(event), on_commit=on_commit)
        except ValueError as error:
            yield Fault("form", f"{place}: {error}")
            continue
        yield _Entry(target, str(event), path, on_commit)
