"""Path patterns: ``/books/{book_id:int}`` taken apart once, and written out again for a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from openviper.routing.converters import CONVERTERS, Converter
from openviper.routing.exceptions import RouteError

__all__ = ["Parameter", "PathPattern", "Segment"]

# RFC 3986 3.3: what may stand in a segment as it is.
_SAFE = "!$&'()*+,;=:@~-._"


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


class PathPattern:
    """A pattern of literal text and parameters.

    Args:
        text: Starts with a slash; ``{name}`` takes one segment as text, ``{name:int}`` one that converts. Text may
            stand before and after a parameter within its segment (``/{name}.json``).
        implied: Converter names by parameter for those that the text leaves open, from the handler's annotations.

    Raises:
        RouteError: The text is no pattern; the message says where and why.
    """

    __slots__ = ("parameters", "segments", "text")

    def __init__(self, text: str, implied: Mapping[str, str] | None = None) -> None:
        if not text.startswith("/"):
            raise RouteError(f"path {text!r} must start with '/'")
        self.text = text
        self.segments = tuple(_parse_segment(text, part, implied or {}) for part in text[1:].split("/"))
        self.parameters = tuple(segment.parameter for segment in self.segments if segment.parameter is not None)
        names = [parameter.name for parameter in self.parameters]
        for name in names:
            if names.count(name) > 1:
                raise RouteError(f"path {text!r} names the parameter {name!r} twice")
        for segment in self.segments[:-1]:
            if segment.parameter is not None and segment.parameter.converter.spans_segments:
                raise RouteError(f"path {text!r}: {segment.parameter.name!r} takes the rest and must stand at the end")

    @property
    def is_literal(self) -> bool:
        """Whether the pattern is one fixed path."""
        return not self.parameters

    def format(self, params: Mapping[str, object]) -> str:
        """Write the path for these values, percent-encoded.

        Raises:
            KeyError: A parameter has no value, or a value has no parameter.
            ValueError: A value cannot stand in a path of this pattern.
        """
        known = {parameter.name for parameter in self.parameters}
        if missing := sorted(known - params.keys()):
            raise KeyError(f"path {self.text!r} needs {', '.join(missing)}")
        if unknown := sorted(params.keys() - known):
            raise KeyError(f"path {self.text!r} has no parameter {', '.join(unknown)}")
        return "".join(f"/{_format_segment(self.text, segment, params)}" for segment in self.segments)

    def __repr__(self) -> str:
        return f"PathPattern({self.text!r})"


def _parse_segment(pattern: str, text: str, implied: Mapping[str, str]) -> Segment:
    prefix, opening, rest = text.partition("{")
    if not opening:
        if "}" in text:
            raise RouteError(f"path {pattern!r}: '}}' without '{{' in {text!r}")
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
