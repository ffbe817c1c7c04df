"""What ``INSTALLED_APPS`` may hold: dotted names, each once, in an order that suits what the apps require."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from types import ModuleType

from openviper.apps.modules import import_submodule
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.problems import Problem

__all__ = ["label_of", "label_problems", "name_problems", "order_problems", "read_requires", "refuse"]


def label_of(app_name: str) -> str:
    """Return the short name of an app: the last part of its dotted name."""
    return app_name.rpartition(".")[2]


def refuse(problems: Sequence[Problem]) -> None:
    """Make one error of all problems; none of them does nothing.

    Raises:
        ImproperlyConfigured: There are problems; each is a line of the message, with its hint.
    """
    if problems:
        raise ImproperlyConfigured("\n".join(f"{problem.message}; {problem.hint}" for problem in problems))


def name_problems(entries: object) -> list[Problem]:
    """List the entries that are no dotted names, and those that are there twice; only a tuple or list has entries."""
    if isinstance(entries, str):
        return [Problem("apps.E002", f"INSTALLED_APPS is the text {entries!r}", f"write a tuple: ({entries!r},)")]
    if not isinstance(entries, tuple | list):
        message = f"INSTALLED_APPS is {entries!r}, of type {type(entries).__name__}"
        return [Problem("apps.E002", message, "write a tuple of dotted names, () for no apps")]
    problems: list[Problem] = []
    first_seen: dict[object, int] = {}
    for position, entry in enumerate(entries, start=1):
        if not isinstance(entry, str) or not all(part.isidentifier() for part in entry.split(".")):
            message = f"entry {position} of INSTALLED_APPS is {entry!r}, which is no dotted module name"
            problems.append(Problem("apps.E002", message, "write it as 'package.module', without slashes"))
        elif entry in first_seen:
            message = f"{entry!r} is in INSTALLED_APPS twice, as entries {first_seen[entry]} and {position}"
            problems.append(Problem("apps.E002", message, f"remove entry {position}"))
        else:
            first_seen[entry] = position
    return problems


def label_problems(app_names: Sequence[str]) -> list[Problem]:
    """List the apps that share the last part of their name, by which commands and tables know them."""
    problems: list[Problem] = []
    owners: dict[str, str] = {}
    for name in app_names:
        owner = owners.setdefault(label_of(name), name)
        if owner != name:
            message = f"installed apps {owner!r} and {name!r} have the same label {label_of(name)!r}"
            problems.append(Problem("apps.E002", message, "rename the package of one of them"))
    return problems


def read_requires(app_name: str, module: ModuleType) -> tuple[str, ...]:
    """Return the apps that an app names as its ``requires``, in its package or else in its ``apps`` module.

    Args:
        app_name: Dotted name of the app.
        module: The app's package, or its single file.

    Raises:
        ImproperlyConfigured: ``requires`` is no tuple or list of dotted names.
        AppLifecycleImportError: The ``apps`` module is there and cannot be imported.
    """
    requires = _declared(module)
    if requires is None:
        apps_module = import_submodule(app_name, "apps")
        requires = None if apps_module is None else _declared(apps_module)
    if requires is None:
        return ()
    if not isinstance(requires, tuple | list) or not all(isinstance(name, str) for name in requires):
        raise ImproperlyConfigured(
            f"requires of installed app {app_name!r} is {requires!r}; write a tuple of app names: "
            "requires = ('other.app',)"
        )
    return tuple(requires)


def order_problems(
    entries: Sequence[str], requires: Mapping[str, Collection[str]], *, missing: Collection[str] = ()
) -> list[Problem]:
    """List what keeps the order of ``INSTALLED_APPS`` from suiting the requirements of the apps.

    Args:
        entries: The apps in order.
        requires: What each app requires; an app without requirements may be left out.
        missing: Entries whose app cannot be found.
    """
    circles = list(_iter_circles(requires))
    problems = [
        Problem(
            "apps.E003",
            f"the requires of installed apps form a circle: {' -> '.join(map(repr, circle))}",
            "remove one of them",
        )
        for circle in circles
    ]
    # No order suits a requirement inside a circle, so where its two apps stand is beside the point.
    circular = {pair for circle in circles for pair in pairwise(circle)}
    positions = {name: position for position, name in enumerate(entries, start=1)}
    for name in entries:
        for required in requires.get(name, ()):
            if (name, required) in circular:
                continue
            fault = _order_fault(positions, name, required, is_missing=required in missing)
            if fault is not None:
                message, hint = fault
                subject = f"entry {positions[name]} of INSTALLED_APPS, {name!r}, requires {required!r}"
                problems.append(Problem("apps.E003", f"{subject}, {message}", hint))
    return problems


def _iter_circles(requires: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """Give circles of requirements until none is left, each from one app round to the same one."""
    remaining = {name: set(required) for name, required in requires.items()}
    if not any(remaining.values()):
        return
    # Most projects have no such apps, and a start counts its modules.
    from graphlib import CycleError, TopologicalSorter

    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            # graphlib lists a cycle from the required to the requiring.
            circle = tuple(reversed(error.args[1]))
        else:
            return
        yield circle
        for name, required in pairwise(circle):
            remaining[name].discard(required)


def _declared(module: ModuleType) -> object:
    requires: object = getattr(module, "requires", None)
    # Importing a submodule binds its name in the package, so <app>/requires.py looks like an attribute.
    return None if isinstance(requires, ModuleType) else requires


def _order_fault(positions: Mapping[str, int], name: str, required: str, *, is_missing: bool) -> tuple[str, str] | None:
    position, needed = positions[name], positions.get(required)
    if needed is None:
        return "which is not listed", f"add {required!r} before entry {position}"
    if is_missing:
        return f"which is entry {needed} and cannot be found", "install it, or correct its name"
    if needed > position:
        return f"which comes after it as entry {needed}", f"move entry {needed} up, before entry {position}"
    return None
