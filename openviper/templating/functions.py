"""What every template can call: ``static`` and ``url_for``, and what rooms above and projects register."""

import builtins
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

from openviper.primitives.imports import import_string

__all__ = [
    "TemplateGlobal",
    "clear_globals",
    "refuse_unsafe",
    "register_global",
    "registered_globals",
    "static",
    "url_for",
]

# With any of these a template leaves the sandbox, reads files, or stops the process.
_UNSAFE_NAMES: Final = (
    "__build_class__", "__import__", "breakpoint", "classmethod", "compile", "delattr", "dir", "eval", "exec",
    "getattr", "globals", "hasattr", "help", "input", "locals", "memoryview", "object", "open", "property", "setattr",
    "staticmethod", "super", "type", "vars",
)  # fmt: skip
_UNSAFE: Final = [value for name, value in vars(builtins).items() if name in _UNSAFE_NAMES]


@dataclass(frozen=True, slots=True)
class TemplateGlobal:
    """One name that every template has.

    Args:
        value: What the name stands for.
        takes_request: Whether it is a function whose first argument is the request.
    """

    value: object
    takes_request: bool = False


class _Request(Protocol):
    """What is asked of a request; the class itself stands on a floor above."""

    def url_for(self, name: str, /, **params: object) -> str: ...


def register_global(name: str, value: object, *, takes_request: bool = False) -> None:
    """Put a function or value into every template, in place of one of the same name.

    Args:
        name: The name in templates.
        value: A function or any other value.
        takes_request: Whether it is a function that gets the request in front of the arguments of the template.

    Raises:
        ValueError: The name is no identifier, or the value is a builtin that leads out of the sandbox.
        TypeError: The value is to take the request and cannot be called.
    """
    if takes_request and not callable(value):
        raise TypeError(f"the template function {name!r} is of type {type(value).__name__}, which cannot be called")
    if not name.isidentifier() or name.startswith("_"):
        raise ValueError(f"{name!r} is no name for a template: use an identifier that begins with a letter")
    refuse_unsafe(name, value)
    _registered[name] = TemplateGlobal(value, takes_request)


def registered_globals() -> dict[str, TemplateGlobal]:
    """Return what is registered, by name, as a copy."""
    return dict(_registered)


def clear_globals() -> None:
    """Forget what was registered, down to ``static`` and ``url_for``; for tests."""
    _registered.clear()
    _registered.update(_OURS)


def refuse_unsafe(name: str, value: object) -> None:
    """Refuse a builtin that leads out of the sandbox, such as ``eval``, ``open`` or ``getattr``.

    Raises:
        ValueError: The value is one of them.
    """
    if any(value is unsafe for unsafe in _UNSAFE):
        raise ValueError(f"{name!r} would give templates the builtin {value!r}, which leads out of their sandbox")


def static(name: str) -> str:
    """Write the address of a static file: ``STATIC_URL`` and the percent-encoded name.

    While ``DEBUG`` is off, and ``collectstatic`` has made copies with hashed names, it is the address of the copy.

    Args:
        name: Path below the folder of static files, ``css/site.css``.

    Raises:
        ValueError: The name is empty or absolute, or has a backslash, a control character or a part ``..``.
    """
    return _static_writer()(name)


@functools.cache
def _static_writer() -> Callable[[str], str]:
    # The room of static files stands above this one; the first page with such an address loads it.
    return cast("Callable[[str], str]", import_string("openviper.staticfiles.address.static"))


def url_for(request: _Request, name: str, /, **params: object) -> str:
    """Write the path of a named route of the application that serves a request, below its ``root_path``.

    Args:
        request: The request.
        name: Name of the route, with its namespaces (``shop:detail``).
        params: A value for each parameter of the path.

    Raises:
        KeyError: No route has the name, or the parameters do not fit it.
        ValueError: A value cannot stand in the path.
    """
    return request.url_for(name, **params)


_OURS: Final[Mapping[str, TemplateGlobal]] = {
    "static": TemplateGlobal(static),
    "url_for": TemplateGlobal(url_for, takes_request=True),
}
_registered: dict[str, TemplateGlobal] = dict(_OURS)
