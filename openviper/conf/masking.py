"""Hiding what must not appear in a log, a dump or an error."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

__all__ = ["MASK", "find_secrets", "is_sensitive", "mask", "mask_text", "show"]

MASK: Final = "***"

_LONGEST: Final = 80
# Hidden whole, since they hold credentials under names that no pattern knows.
_WHOLE: Final = frozenset({"SECRET_KEY", "DATABASES", "CACHES", "EMAIL"})
# The pattern below fits these names, and their values (switches, durations, names of algorithms) are no secrets.
# Lists of header fields may have two items and still be no header field with its value.
_HARMLESS: Final = frozenset(
    {
        "CORS_ALLOWED_HEADERS",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_EXPOSE_HEADERS",
        "JWT_ACCESS_TOKEN_EXPIRE",
        "JWT_REFRESH_TOKEN_EXPIRE",
        "PASSWORD_HASHERS",
        "SECURE_COOKIES",
    }
)
# Patterns are text, compiled by the first dump or error: a start needs none of them.
_HIDDEN_NAME: Final = (
    r"(?i)SECRET|PASSW|PASSPHRASE|PWD|TOKEN|KEY|CREDENTIAL|AUTHORI[SZ]ATION|SESSION_?ID|SIGNATURE"
    # A cookie is a secret, and what is laid down about it is none.
    r"|COOKIE(?!S?_(?:NAME|SECURE|HTTPONLY|SAMESITE|DOMAIN|PATH|AGE)$)"
    # Words that mean no secret inside longer ones, or before others: BYPASS, PASSENGER, AUTH_BACKENDS.
    r"|(?<!BY)(?<!COM)(?<!SUR)(?<!TRES)PASS(?:_|$)"
    r"|(?:^|_)(?:PRIVATE|SALT|DSN|PW)(?:_|$)|(?:^|_)(?:AUTH|CSRF|JWT(?:_ASSERTION)?)$"
)
_NO_NAMES: Final = ("error", "exception", "interrupt", "warning")  # "KeyError: 'name'" gives no key
_FIELDS_OF_LINES: Final = r"(?i)AUTHORI[SZ]ATION|COOKIE"

# Texts come from clients as well, so every pattern takes linear time: what may be long is possessive (++), and is
# tried once only, where nothing of its kind stands before it.
_PRIVATE_KEY: Final = r"(?s)-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?P<value>.*?)(?=-----END|\Z)"
_URL_USER: Final = r"(?<=://)(?P<value>[^\s:/?#@'\"]++)(?=@)"
# A password may hold "/" or "@" unescaped, so everything up to the last "@" of the word is hidden: rather too much.
_URL_PASSWORD: Final = r"(?<=://)(?P<user>[^\s:/?#@'\"]*+):(?P<value>[^\s'\"]++)"  # noqa: S105 - a pattern
_SCHEME: Final = r"\b(?i:Bearer|Basic)[ \t]++(?=[a-z]*+[^a-z\s'\",;])(?P<value>[\w.~+/=-]{6,}+)"
_ELEMENT: Final = r"(?<=<)(?P<name>[\w.:-]++)[^<>]*+>(?P<value>[^<]++)(?=</)"
# A name and what tells that its value follows: as in a dict or JSON (also inside JSON), a form, a call, an option.
_NAME: Final = (
    r"(?<![\w-])(?P<name>[\w-]++)(?:"
    r"(?P<quote>\\{0,7}['\"])(?:\s*+(?:[:=]++>?|(?P<comma>,))\s*+|(?P<form>(?:\r?\n){2}))"
    r"|\]?[ \t]*+(?P<sign>=++>?|:(?!//)=?)[ \t]*+"
    r"|(?P<space>[ \t]++))"
)
_QUOTED: Final = (
    r"b?'(?:[^'\\]|\\.)*+'?|b?\"(?:[^\"\\]|\\.)*+\"?"
    r"|(?P<escaped>\\{1,7}['\"])(?:(?!(?<!\\)(?P=escaped)).)*+(?:(?P=escaped))?"
)
_PLAIN: Final = r"[\w.+*-]++(?=[\s,;&)\]}>\\]|['\"](?!\w)|\Z)"
_SHOWN: Final = r"(?!(?:None|null|True|False|true|false)\b)"
# A value that is neither quoted nor a plain word may go on for any length, so everything behind it is hidden.
_ITEM: Final = rf"(?s){_SHOWN}(?:{_QUOTED}|{_PLAIN}|.++)"
_PARAMETER: Final = (
    rf"(?s){_SHOWN}(?:{_QUOTED}|{_PLAIN}"
    r"|(?=[^\s&;,'\"\[({<]*+[\[({<]).++|(?:[^\s&;,'\"]|['\"](?=\w))++)"
)
_LINE: Final = r"[^\r\n]++"
_FORM: Final = r"(?s).+?(?=\r?\n--|\Z)"
_WORD: Final = rf"(?s){_QUOTED}|[^\s'\"]++"


def is_sensitive(name: str) -> bool:
    """Tell whether the value under a name (of a setting, a key inside one, a header field) is hidden whole."""
    return name in _WHOLE or _speaks_of_secret(name)


def mask(name: str, value: object) -> object:
    """Give the value of a setting with every secret in it hidden.

    Containers are copied; an empty value is shown, since that a secret is missing is no secret, and so is a switch.

    Args:
        name: Name of the setting, or of the key inside one.
        value: Its value.
    """
    if is_sensitive(name) and not _is_nothing(value):
        return MASK
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return mask_text(value.decode("latin-1")).encode("latin-1")
    if isinstance(value, Mapping):
        shown = {key: mask("", key) if isinstance(key, str | bytes) else key for key in value}
        return {shown[key]: mask(_name_of(key), item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        masked = [mask(key, item) for key, item in _named_items(name, value)]
        return masked if isinstance(value, list) else tuple(masked)
    return value


def find_secrets(name: str, value: object) -> Iterator[str]:
    """Give every text that :func:`mask` hides in the value of a setting.

    Tables that are hidden whole, such as ``DATABASES``, give what is a secret by its own name or place: a host stands
    in too many other texts.

    Args:
        name: Name of the setting, or of the key inside one.
        value: Its value.
    """
    if is_sensitive(name) and not (name in _WHOLE and isinstance(value, Mapping)):
        yield from _texts(value)
    elif isinstance(value, str | bytes):
        found: list[str] = []
        _hide(value if isinstance(value, str) else value.decode("latin-1"), found)
        yield from found
        yield from map(unquote, found)  # of a URL, as a driver is given it
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from find_secrets(_name_of(key), item)
    elif isinstance(value, tuple | list | set | frozenset):
        for key, item in _named_items(name, value):
            yield from find_secrets(key, item)


def show(name: str, value: object) -> str:
    """Write the value of a setting for a message: without its secrets, and at most about 80 characters of it."""
    shown = mask_text(repr(mask(name, value)))  # objects write themselves, secrets and all
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def mask_text(text: str) -> str:
    """Hide the secrets inside a text, in time that grows with its length.

    Hidden are what stands before the ``@`` of a URL (the password alone if there is one), private keys, what follows
    ``Bearer`` and ``Basic``, and values under the name of a secret: ``password=...``, ``Cookie: ...``,
    ``"password": ...``, ``--password ...``, ``<password>...</password>``.
    """
    return _hide(text, [])


def _speaks_of_secret(name: str) -> bool:
    if name in _HARMLESS:
        return False
    return re.search(_HIDDEN_NAME, re.sub(r"[-.:]", "_", name)) is not None


def _is_nothing(value: object) -> bool:
    return (
        value is None or isinstance(value, bool) or (isinstance(value, str | bytes | tuple | list | dict) and not value)
    )


def _name_of(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _named_items(name: str, value: Iterable[object]) -> Iterator[tuple[str, object]]:
    """Give the items of a sequence with the names that they have in it: fields, header names, options."""
    items = list(value)
    if isinstance(value, tuple) and (fields := getattr(value, "_fields", ())):
        yield from zip(fields, items, strict=True)
        return
    is_pair = len(items) == 2 and not isinstance(value, set | frozenset) and name not in _HARMLESS
    before: object = None
    for item in items:
        is_name = isinstance(before, str | bytes) and (is_pair or _name_of(before).startswith("--"))
        yield _name_of(before) if is_name else "", item
        before = item


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _texts(item)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _hide(text: str, found: list[str]) -> str:
    """Mask a text, and add what was masked to a list."""
    for pattern in (_PRIVATE_KEY, _URL_USER, _URL_PASSWORD, _SCHEME, _ELEMENT):
        text = _compiled(pattern).sub(functools.partial(_hide_match, found=found), text)
    parts: list[str] = []
    done = position = 0
    names = _compiled(_NAME)
    while match := names.search(text, position):
        position = match.end()
        expected = _value_pattern(match)
        value = _compiled(expected).match(text, position) if expected else None
        secret = value.group().removeprefix("b").strip("\\'\"") if value else ""
        if value and secret:
            found.append(secret)
            parts += text[done:position], MASK
            done = position = value.end()
    return "".join((*parts, text[done:]))


def _hide_match(match: re.Match[str], found: list[str]) -> str:
    """Replace the value of a match, unless a second look tells that it is no secret."""
    groups = match.groupdict()
    value, rest = match["value"], ""
    if "user" in groups:
        value, at, rest = value.rpartition("@")
        rest = at + rest
    if not value or not _speaks_of_secret(groups.get("name", "key")):
        return match.group()
    if value != MASK:
        found.append(value)
    return match.group().removesuffix(match["value"]) + MASK + rest


def _value_pattern(match: re.Match[str]) -> str | None:
    """Give the pattern of the value behind a name; None if the name, or the place it stands in, means no secret."""
    name, start = match["name"], match.start()
    if not _speaks_of_secret(name):
        return None
    before = match.string[max(0, start - 2) : start]
    if match["quote"] is not None:
        if match["comma"] and not before.endswith(("'", '"')):
            return None
        return _FORM if match["form"] else _ITEM
    if match["space"] is not None:
        return _WORD if name.startswith("--") else None
    if not match["sign"].startswith(":"):
        return _PARAMETER
    if before == "//" or name.lower().endswith(_NO_NAMES):
        return None  # the user of a URL, or the name of an exception
    return _LINE if re.search(_FIELDS_OF_LINES, name) else _PARAMETER
