"""Hiding what must not appear in a log, a dump or an error."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["MASK", "is_sensitive", "mask", "mask_text", "show"]

MASK: Final = "***"

_LONGEST: Final = 80
# Hidden whole, since they hold credentials under names that no pattern knows.
_WHOLE: Final = frozenset({"SECRET_KEY", "DATABASES", "CACHES", "EMAIL"})
# The pattern below fits these names, and their values (switches, durations, names of algorithms) are no secrets.
_HARMLESS: Final = frozenset(
    {"CORS_ALLOW_CREDENTIALS", "JWT_ACCESS_TOKEN_EXPIRE", "JWT_REFRESH_TOKEN_EXPIRE", "PASSWORD_HASHERS"}
)
# Patterns are text, compiled by the first dump or error: a start needs none of them.
_HIDDEN_NAME: Final = (
    r"(?i)SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|KEY|CREDENTIAL"
    # Words that mean no secret inside longer ones, or before others: BYPASS, AUTH_BACKENDS.
    r"|(?:^|_)(?:PASS|PWD|PRIVATE|SALT|DSN)(?:_|$)|(?:^|_)AUTH$"
)
# A password may hold "/" or "@" unescaped, so everything up to the last "@" of the word is hidden: rather too much.
_URL_USER: Final = r"(?i)(?P<before>[a-z][a-z0-9+.-]*://[^\s:/?#@'\"]*:)[^\s'\"]+(?=@)"
_WORD: Final = r"\b\w*(?:secret|password|passwd|passphrase|pwd|token|key|credential)\w*"
_QUOTED: Final = r"'[^']*'|\"[^\"]*\""
_PARAMETER: Final = rf"(?i)(?P<before>{_WORD}=)(?:{_QUOTED}|[^\s&;,'\"]+)"
# As in the text of a dict and in JSON; without the quotes around the name it would hide half of an error's message.
_ITEM: Final = rf"(?i)(?P<before>['\"]{_WORD}['\"]\s*:\s*)(?:{_QUOTED}|[^\s,'\"}}]+)"


def is_sensitive(name: str) -> bool:
    """Tell whether the value under a name (of a setting, or a key inside one) is hidden whole."""
    return name in _WHOLE or (name not in _HARMLESS and re.search(_HIDDEN_NAME, name) is not None)


def mask(name: str, value: object) -> object:
    """Give the value of a setting with every secret in it hidden.

    Containers are copied; an empty value is shown, since that a secret is missing is no secret.

    Args:
        name: Name of the setting, or of the key inside one.
        value: Its value.
    """
    if is_sensitive(name) and value not in (None, "", b"", (), [], {}):
        return MASK
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        shown = {key: mask_text(key) if isinstance(key, str) else key for key in value}
        return {shown[key]: mask(str(key), item) for key, item in value.items()}
    if isinstance(value, tuple) and (fields := getattr(value, "_fields", ())):
        return tuple(mask(field, item) for field, item in zip(fields, value, strict=True))  # a named tuple
    if isinstance(value, tuple | list | set | frozenset):
        masked = [mask("", item) for item in value]
        return masked if isinstance(value, list) else tuple(masked)
    return value


def show(name: str, value: object) -> str:
    """Write the value of a setting for a message: without its secrets, and at most about 80 characters of it."""
    shown = mask_text(repr(mask(name, value)))  # objects write themselves, secrets and all
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def mask_text(text: str) -> str:
    """Hide passwords in URLs, ``password=...`` parameters and ``"password": ...`` items inside a text."""
    for pattern in (_URL_USER, _PARAMETER, _ITEM):
        text = re.sub(pattern, rf"\g<before>{MASK}", text)
    return text
