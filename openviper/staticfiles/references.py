"""What style sheets and scripts refer to: where in the text an address stands, and which static file it means.

Only what certainly is a reference is read: comments, other strings, template literals and regular expressions are
stepped over. A reference that is not seen stays as it is and works, since files keep their own names beside the
hashed ones, in the same folder.
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, unquote

__all__ = ["Reference", "find_references", "has_references", "rewrite"]

_STRING: Final = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
# https://tc39.es/ecma426/: the comment that names a source map.
_MAP: Final = r"[#@]\s*sourceMappingURL=(?P<map>[^\s*'\"]+)"
_CSS: Final = re.compile(
    rf"""
    /\*\s*{_MAP}\s*\*/
    | /\*.*?(?:\*/|\Z)
    | (?<![\w-])url\(\s*(?:"(?P<double>[^"\\\n]*)"|'(?P<single>[^'\\\n]*)'|(?P<bare>[^"'()\\\s]*))\s*\)
    | @import\s*(?:"(?P<import_double>[^"\\\n]*)"|'(?P<import_single>[^'\\\n]*)')
    | {_STRING}
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# What may stand before a slash that begins a regular expression; behind a value it divides.
_BEFORE_REGEX: Final = r"(?:(?<=[(,=:\[!&|?{};+\-*%~^<>\n])|(?<=\breturn))[ \t]*"
# What an import names, up to ``from``; it ends at the next statement, or a file of many would be read many times.
_CLAUSE: Final = r"(?:(?!\b(?:import|export)\b)[\w$*\s{},])*?"
_JS: Final = re.compile(
    rf"""
    //\s*{_MAP}
    | //[^\n]*
    | /\*.*?(?:\*/|\Z)
    | (?<![\w$.])(?:import|export)\b\s*(?:{_CLAUSE}\bfrom\s*|(?=["']))
      (?:"(?P<double>[^"\\\n]*)"|'(?P<single>[^'\\\n]*)')
    | (?<![\w$.])import\s*\(\s*(?:"(?P<lazy_double>[^"\\\n]*)"|'(?P<lazy_single>[^'\\\n]*)')\s*[,)]
    | {_STRING}
    | `(?:[^`\\]|\\.)*`
    | {_BEFORE_REGEX}/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/
    """,
    re.VERBOSE | re.DOTALL,
)
_GRAMMARS: Final[Mapping[str, re.Pattern[str]]] = {".css": _CSS, ".js": _JS, ".mjs": _JS}
# A missing source map is missed by the tools of developers only, and a module that is loaded later may have been
# asked for conditionally.
_OPTIONAL: Final = frozenset(("map", "lazy_double", "lazy_single"))
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Reference:
    """One address in a text.

    Args:
        start: Where it begins in the text.
        address: As it is written.
        target: Name of the static file that it means.
        is_needed: Whether the file cannot work without the other one.
    """

    start: int
    address: str
    target: str
    is_needed: bool


def has_references(name: str) -> bool:
    """Tell by its name whether a file is of a kind whose references are read: style sheets and scripts."""
    return PurePosixPath(name).suffix.lower() in _GRAMMARS


def find_references(name: str, text: str, *, base_url: str = "/static/") -> list[Reference]:
    """List the references to static files in a text, in the order of the text.

    Args:
        name: Name of the static file that holds the text.
        text: The text.
        base_url: Where static files appear; an address that begins with it is a reference too.
    """
    is_script = PurePosixPath(name).suffix.lower() != ".css"
    found = []
    for match in _GRAMMARS[PurePosixPath(name).suffix.lower()].finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        address = match[kind]
        # A bare name in a script is a package, which an import map resolves; in a style sheet it is a file.
        if is_script and kind != "map" and not address.startswith((".", "/", base_url)):
            continue
        target = _target_of(address, name, base_url)
        if target is not None:
            found.append(Reference(match.start(kind), address, target, kind not in _OPTIONAL))
    return found


def rewrite(text: str, references: Sequence[Reference], hashed: Mapping[str, str]) -> str:
    """Return the text with the file name of each reference replaced by the hashed one; others stay.

    Args:
        text: The text that the references were found in.
        references: In the order of the text.
        hashed: Hashed name by name; a reference to any other name stays as it is.
    """
    pieces: list[str] = []
    end = 0
    for reference in references:
        new = hashed.get(reference.target)
        if new is not None:
            pieces += [text[end : reference.start], _renamed(reference.address, new)]
            end = reference.start + len(reference.address)
    return "".join([*pieces, text[end:]])


def _renamed(address: str, hashed: str) -> str:
    path, rest = _split(address)
    # A hashed copy lies beside its original, so only the last part of the way there changes.
    return f"{path[: path.rfind('/') + 1]}{quote(posixpath.basename(hashed))}{rest}"


def _target_of(address: str, name: str, base_url: str) -> str | None:
    """Name the static file that an address means; None for what lies elsewhere."""
    path = unquote(_split(address)[0])
    # An encoded fragment, "%23mask", leads into the page itself with some and is a file with others; there is none.
    if not path or path.endswith("/") or "#" in path:
        return None
    if path.startswith(base_url):
        target = posixpath.normpath(path[len(base_url) :])
    elif path.startswith("/") or _SCHEME.match(path):
        return None
    else:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return None if target == "." or target.startswith(("../", "/")) or target == ".." else target


def _split(address: str) -> tuple[str, str]:
    """Split an address before its query or fragment: fonts have had ``?#iefix`` since Internet Explorer."""
    found = re.search(r"[?#]", address)
    return (address, "") if found is None else (address[: found.start()], address[found.start() :])
