"""The environment that templates run in: sandboxed, escaping, strict about names."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from openviper.exceptions import OpenViperError
from openviper.primitives.json import encode
from openviper.templating.functions import TemplateGlobal
from openviper.templating.kinds import is_plain_text
from openviper.templating.loader import FolderLoader

__all__ = ["Ingredients", "build_environment"]


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What an environment is made of.

    Args:
        folders: Where templates lie, in the order of searching.
        auto_reload: Whether a changed file is noticed.
        functions: What every template can call, by name.
        filters: Further filters by name.
    """

    folders: Sequence[Path]
    auto_reload: bool = False
    functions: Mapping[str, TemplateGlobal] = field(default_factory=dict)
    filters: Mapping[str, Callable[..., object]] = field(default_factory=dict)


def build_environment(ingredients: Ingredients) -> ImmutableSandboxedEnvironment:
    """Make an environment.

    Attributes that begin with an underscore and those of Python's internals are out of reach, as are methods that
    change a list, dict or set, and what a class lists in ``unsafe_in_templates``. An undefined name is an error
    wherever it is used, in production too: a page that silently lacks its price is worse than none. ``is defined``
    and ``default`` ask without using. A page cannot take in plain text.
    """
    environment = _Sandbox(
        loader=FolderLoader(ingredients.folders),
        autoescape=lambda name: name is None or not is_plain_text(name),
        undefined=jinja2.StrictUndefined,
        auto_reload=ingredients.auto_reload,
        cache_size=-1,  # bounded by the number of files, each of which has one name
    )
    # The same values as in a JSONResponse: dates, decimals and UUIDs among them.
    environment.policies["json.dumps_function"] = _dump_json
    environment.filters.update(ingredients.filters)
    for name, it in ingredients.functions.items():
        value = it.value
        environment.globals[name] = _with_request(name, value) if it.takes_request and callable(value) else value
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox that heeds what classes of other floors keep from templates, and keeps plain text out of pages."""

    def join_path(self, template: str, parent: str) -> str:
        """Refuse a page that includes, extends or imports plain text, in which its values would not be escaped."""
        if is_plain_text(template) and not is_plain_text(parent):
            raise jinja2.TemplateRuntimeError(
                f"{parent!r} is a page and {template!r} is plain text, in which nothing is escaped; "
                "rename it to end in .html"
            )
        return super().join_path(template, parent)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an attribute; what knows why it is not there says so, in place of jinja2."""
        found = super().getattr(obj, attribute)
        if isinstance(found, jinja2.Undefined) and not attribute.startswith("_"):
            try:
                getattr(obj, attribute)
            except OpenViperError:
                raise
            except AttributeError:
                pass
        return found

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse what the class names in ``unsafe_in_templates``; ``*`` there names every attribute."""
        kind = obj if isinstance(obj, type) else type(obj)
        unsafe: Collection[str] = getattr(kind, "unsafe_in_templates", ())
        return "*" not in unsafe and attr not in unsafe and super().is_safe_attribute(obj, attr, value)


def _dump_json(value: object, *, indent: int | None = None, **_: object) -> str:
    return encode(value, indent=indent is not None).decode()


def _with_request(name: str, function: Callable[..., object]) -> Callable[..., object]:
    """Wrap a function so that the engine hands it the request of the page."""

    @jinja2.pass_context
    def call(context: Context, *args: object, **kwargs: object) -> object:
        request = context.get("request")
        if request is None:
            raise jinja2.TemplateRuntimeError(
                f"{name}() needs the request: use render(request, ...), put 'request' into the context, or import "
                "macros 'with context'"
            )
        return function(request, *args, **kwargs)

    return call
