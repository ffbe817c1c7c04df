"""Path patterns: ``/books/{book_id:int}`` taken apart once, and written out again for a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from openviper.routing.converters import CONVERTERS, Converter, find_parser
from openviper.routing.exceptions import PathSecurityError, RouteError

__all__ = ["Parameter", "PathPattern", "Segment", "check_path", "check_raw_path"]

# RFC 3986 3.3: what may stand in a segment as it is.
_SAFE = "!$&'()*+,;=:@~-._"
_DOT_SEGMENTS: Final = frozenset((".", ".."))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place in a pattern that takes a value.

    Args:
        name: The handler's argument.
        converter: How text becomes the value.
    """

    name: str
    converter: Converter


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: text, or text around one parameter."""

    prefix: str
    parameter: Parameter | None = None
    suffix: str = ""

    def cut(self, text: str) -> str:
        """Give the part of a segment of a path that the parameter takes.

        Raises:
            ValueError: Another text stands around it.
        """
        end = len(text) - len(self.suffix)
        if end < len(self.prefix) or not text.startswith(self.prefix) or not text.endswith(self.suffix):
            raise ValueError("another text stands around the parameter")
        return text[len(self.prefix) : end]


class PathPattern:
    """A pattern of literal text and parameters.

    Args:
        text: Starts with a slash; ``{name}`` takes one segment as text, ``{name:int}`` one that converts. Text may
            stand before and after a parameter within its segment (``/{name}.json``).
        implied: Converter names by parameter for those that the text leaves open, from the handler's annotations.

    Raises:
        RouteError: The text is no pattern; the message says where and why.
    """

    __slots__ = ("names", "parameters", "segments", "text")

    def __init__(self, text: str, implied: Mapping[str, str] | None = None) -> None:
        if not text.startswith("/"):
            raise RouteError(f"path {text!r} must start with '/'")
        self.text = text
        self.segments = tuple(_parse_segment(text, part, implied or {}) for part in text[1:].split("/"))
        self.parameters = tuple(segment.parameter for segment in self.segments if segment.parameter is not None)
        names = [parameter.name for parameter in self.parameters]
        self.names = frozenset(names)
        for name in names:
            if len(names) != len(self.names) and names.count(name) > 1:
                raise RouteError(f"path {text!r} names the parameter {name!r} twice")
        for segment in self.segments[:-1]:
            if segment.parameter is not None and segment.parameter.converter.spans_segments:
                raise RouteError(f"path {text!r}: {segment.parameter.name!r} takes the rest and must stand at the end")

    @property
    def is_literal(self) -> bool:
        """Whether the pattern is one fixed path."""
        return not self.parameters

    def match(self, path: str) -> dict[str, object] | None:
        """Read a decoded path: the values of the parameters by name; None where it does not fit."""
        if path[:1] != "/":
            return None
        texts = path[1:].split("/")
        values: dict[str, object] = {}
        last = len(self.segments) - 1
        for index, segment in enumerate(self.segments):
            parameter = segment.parameter
            if parameter is not None and parameter.converter.spans_segments:
                texts[index:] = ["/".join(texts[index:])] if index < len(texts) else []
            if index >= len(texts) or (index == last and len(texts) > len(self.segments)):
                return None
            if parameter is None:
                if texts[index] != segment.prefix:
                    return None
                continue
            try:
                values[parameter.name] = find_parser(parameter.converter)(segment.cut(texts[index]))
            except ValueError:
                return None
        return values

    def format(self, params: Mapping[str, object]) -> str:
        """Write the path for these values, percent-encoded.

        Raises:
            KeyError: A parameter has no value, or a value has no parameter.
            ValueError: A value cannot stand in a path of this pattern.
        """
        known = self.names
        if missing := sorted(known - params.keys()):
            raise KeyError(f"path {self.text!r} needs {', '.join(missing)}")
        if unknown := sorted(params.keys() - known):
            raise KeyError(f"path {self.text!r} has no parameter {', '.join(unknown)}")
        return "".join(f"/{_format_segment(self.text, segment, params)}" for segment in self.segments)

    def __repr__(self) -> str:
        return f"PathPattern({self.text!r})"


def check_path(path: str) -> None:
    """Refuse a decoded path that no client sends by itself; for paths that no route has taken.

    Raises:
        PathSecurityError: It holds NUL, or ``.`` or ``..`` as a segment (400).
    """
    # RFC 3986 5.2.4: clients remove dot segments before they ask.
    if "\0" in path:
        raise PathSecurityError("The path holds a NUL character.")
    if "/." in path and not _DOT_SEGMENTS.isdisjoint(path.split("/")):
        raise PathSecurityError("The path holds a dot segment.")


def check_raw_path(raw_path: bytes) -> None:
    """Refuse a path as it was sent whose decoded form would have other segments; only one with ``%`` can.

    What stands in front of the application (a proxy that guards ``/admin/``) sees ``/admin%2Fusers`` as one segment.

    Raises:
        PathSecurityError: A slash is percent-encoded (400).
    """
    # Some servers leave the query in it, where an encoded slash is welcome.
    if b"%2f" in raw_path.partition(b"?")[0].lower():
        raise PathSecurityError("The path holds an encoded slash.")


def _parse_segment(pattern: str, text: str, implied: Mapping[str, str]) -> Segment:
    prefix, opening, rest = text.partition("{")
    if not opening:
        if "}" in text:
            raise RouteError(f"path {pattern!r}: '}}' without '{{' in {text!r}")
        if text in _DOT_SEGMENTS or "\0" in text:
            raise RouteError(f"path {pattern!r}: a request for {text!r} is refused, so no route can answer it")
        return Segment(text)
    inside, closing, suffix = rest.partition("}")
    if not closing or "{" in inside or "{" in suffix or "}" in suffix:
        raise RouteError(f"path {pattern!r}: write one parameter a segment as {{name}} or {{name:kind}}, not {text!r}")
    name, colon, kind = inside.partition(":")
    if not name.isidentifier():
        raise RouteError(f"path {pattern!r}: {name!r} is no name for a parameter")
    kind = kind if colon else implied.get(name, "str")
    converter = CONVERTERS.get(kind)
    if converter is None:
        raise RouteError(f"path {pattern!r}: there is no converter {kind!r}; there are {', '.join(sorted(CONVERTERS))}")
    if converter.spans_segments and (prefix or suffix):
        raise RouteError(f"path {pattern!r}: {text!r} takes whole segments, so nothing may stand beside it")
    return Segment(prefix, Parameter(name, converter), suffix)


def _format_segment(pattern: str, segment: Segment, params: Mapping[str, object]) -> str:
    parameter = segment.parameter
    if parameter is None:
        return quote(segment.prefix, safe=_SAFE)
    value = params[parameter.name]
    try:
        text = parameter.converter.format(value)
    except ValueError as error:
        raise ValueError(f"path {pattern!r}: {parameter.name}={value!r} cannot stand there: {error}") from error
    if "\0" in text:
        raise ValueError(f"path {pattern!r}: {parameter.name}={value!r} holds NUL")
    safe = _SAFE + "/" if parameter.converter.spans_segments else _SAFE
    return quote(f"{segment.prefix}{text}{segment.suffix}", safe=safe)
