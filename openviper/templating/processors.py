"""Context processors: what every page of the project knows, beside what its view gives it."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from openviper.conf import settings
from openviper.conf.border import named_failure
from openviper.primitives.imports import import_string

__all__ = ["Processor", "gather_context", "load_processor"]

# The request is Any, so that a project may annotate it as the class that stands on a floor above.
Processor: TypeAlias = Callable[[Any], Mapping[str, object] | Awaitable[Mapping[str, object]]]


async def gather_context(request: object) -> dict[str, object]:
    """Ask every entry of ``CONTEXT_PROCESSORS`` for what it gives to a page; a later one wins.

    Args:
        request: What they are given.

    Raises:
        ImproperlyConfigured: An entry cannot be loaded.
        TypeError: A processor gave no mapping, or one with a key that is no text.
        Exception: Whatever a processor raises.
    """
    paths: tuple[str, ...] = settings.CONTEXT_PROCESSORS
    context: dict[str, object] = {}
    for path in paths:
        result = load_processor(path)(request)
        given: object = await result if isinstance(result, Awaitable) else result
        if not isinstance(given, Mapping):
            raise TypeError(f"the context processor {path!r} gave {type(given).__name__}; it must return a mapping")
        for name in given:
            if not isinstance(name, str):
                raise TypeError(f"the context processor {path!r} gave the key {name!r}; the names of a page are text")
        context.update(given)
    return context


@functools.cache
def load_processor(path: str) -> Processor:
    """Import a context processor, once.

    Args:
        path: Dotted path of a function, async or plain, that takes the request and returns a mapping.

    Raises:
        ImproperlyConfigured: It cannot be imported or called.
    """
    with named_failure(f"{path!r} in CONTEXT_PROCESSORS"):
        processor = import_string(path)
        if not callable(processor):
            raise TypeError(f"it is of type {type(processor).__name__}, which cannot be called")
    return processor
