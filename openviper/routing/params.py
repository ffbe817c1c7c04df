"""Markers: from which part of a request an argument comes, and what holds for its value.

A marker stands in the annotation, ``page: Annotated[int, Query(ge=1)]``, or in the place of the default,
``page: int = Query(1, ge=1)``. What the rules are checked with is the business of ``routing.rules``.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal, Never, TypeAlias

from openviper.primitives.unset import UNSET

__all__ = ["RULES", "Body", "Cookie", "Depends", "File", "Form", "Header", "Marker", "Path", "Query", "Source"]

Source: TypeAlias = Literal["path", "query", "header", "cookie", "body", "form", "file"]

# The rules that a value can be held to, by the names that msgspec.Meta has for them.
RULES: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


class Marker:
    """What all markers of values have in common.

    Args:
        default: What the argument is without a value; left out, a value must be there.
        default_factory: Makes such a default anew for each request; None where ``default`` says it.
        alias: The name in the request where it is another one than the argument's; None takes the argument's.
        gt: The value must be greater.
        ge: The value must be at least this.
        lt: The value must be less.
        le: The value must be at most this.
        multiple_of: The value must be a multiple of this.
        min_length: Least number of characters, or of items of a list.
        max_length: Most characters, or items of a list.
        pattern: A regular expression that the text must contain; ``^`` and ``$`` bind it to the ends.
        title: A few words for people, for a description of the interface.
        description: A sentence or more for people, likewise.
        example: A value as it might be, likewise.
        deprecated: Whether clients should stop sending it, likewise.
    """

    source: ClassVar[Source]

    default: object
    default_factory: Callable[[], object] | None
    alias: str | None
    rules: dict[str, object]
    title: str | None
    description: str | None
    example: object
    deprecated: bool

    # The result is declared as Any, so that a type checker takes ``page: int = Query(1)``.
    def __new__(
        cls,
        default: object = UNSET,
        *,
        default_factory: Callable[[], object] | None = None,
        alias: str | None = None,
        gt: object = None,
        ge: object = None,
        lt: object = None,
        le: object = None,
        multiple_of: float | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: str | None = None,
        title: str | None = None,
        description: str | None = None,
        example: object = None,
        deprecated: bool = False,
        **unknown: Never,
    ) -> Any:
        """Make a marker.

        Raises:
            TypeError: There is no such option, or two defaults.
        """
        if unknown:
            raise TypeError(f"{cls.__name__}() has no option {', '.join(unknown)}")
        if default_factory is not None and default not in (UNSET, ...):
            raise TypeError(f"{cls.__name__}() takes default or default_factory, not both")
        self = super().__new__(cls)
        self.default_factory = default_factory
        self.default, self.alias = default, alias
        given = (gt, ge, lt, le, multiple_of, min_length, max_length, pattern)
        self.rules = {name: value for name, value in zip(RULES, given, strict=True) if value is not None}
        self.title, self.description, self.example, self.deprecated = title, description, example, deprecated
        return self

    def __repr__(self) -> str:
        given = {"alias": self.alias, **self.rules}
        options = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        return f"{type(self).__name__}({options})"


class Path(Marker):
    """A parameter of the path."""

    source = "path"


class Query(Marker):
    """A value of the query, every value of a name as a list, or several of them as the fields of a class."""

    source = "query"


class Header(Marker):
    """A header field; the name is that of the argument with hyphens for underscores."""

    source = "header"


class Cookie(Marker):
    """A cookie."""

    source = "cookie"


class Form(Marker):
    """A field of a form, or the whole form as the fields of a class."""

    source = "form"


class File(Marker):
    """An uploaded file of a form, or a list of them; as an UploadFile, or as ``bytes``."""

    source = "file"


class Body(Marker):
    """The body as JSON, or one key of it where a handler asks for several.

    Args:
        embed: Whether it is a key of the body although no other argument is; other arguments are those of ``Marker``.
    """

    source = "body"

    embed: bool

    def __new__(cls, default: object = UNSET, *, embed: bool = False, **options: Any) -> Any:
        """Make a marker."""
        self = super().__new__(cls, default, **options)
        self.embed = embed
        return self


class Depends:
    """What another function makes of the request, for an argument or for a route as a whole.

    Args:
        dependency: An async or a plain function, a generator of either kind that yields once, a class, or any other
            callable; it may ask for whatever a handler may. None takes the class that the argument is annotated with.
        use_cache: Whether arguments of one request that depend on the same callable share one result.
        scope: ``request`` makes it anew for every request, ``app`` once for the life of the application.
        blocking: Whether a plain function runs in a thread, as it may wait; False calls it on the loop, which saves
            some 30 microseconds where it only computes. Classes are always called on the loop.
    """

    dependency: Callable[..., object] | None
    use_cache: bool
    scope: Literal["request", "app"]
    blocking: bool

    def __new__(
        cls,
        dependency: Callable[..., object] | None = None,
        *,
        use_cache: bool = True,
        scope: Literal["request", "app"] = "request",
        blocking: bool = True,
    ) -> Any:
        """Make a marker; declared as Any for the same reason as those of values."""
        self = super().__new__(cls)
        self.dependency, self.use_cache, self.scope, self.blocking = dependency, use_cache, scope, blocking
        return self

    def __repr__(self) -> str:
        return f"Depends({self.dependency!r})"
