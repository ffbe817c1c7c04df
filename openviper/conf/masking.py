"""Hiding what must not appear in a log, a dump or an error."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["MASK", "is_sensitive", "mask", "mask_text"]

MASK: Final = "***"

# Hidden whole, since they hold credentials under names that no pattern knows.
_WHOLE: Final = frozenset({"SECRET_KEY", "DATABASES", "CACHES", "EMAIL"})
# The pattern below fits these names, and their values (switches, durations, names of algorithms) are no secrets.
_HARMLESS: Final = frozenset(
    {"CORS_ALLOW_CREDENTIALS", "JWT_ACCESS_TOKEN_EXPIRE", "JWT_REFRESH_TOKEN_EXPIRE", "PASSWORD_HASHERS"}
)
# Patterns are text, compiled by the first dump or error: a start needs none of them.
_HIDDEN_NAME: Final = r"(?i)SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|KEY|CREDENTIAL"
# A password may hold "/" or "@" unescaped, so everything up to the last "@" of the word is hidden: rather too much.
_URL_USER: Final = r"(?i)(?P<before>[a-z][a-z0-9+.-]*://[^\s:/?#@'\"]*:)[^\s'\"]+(?=@)"
_PARAMETER: Final = (
    r"(?i)(?P<before>\b\w*(?:secret|password|passwd|passphrase|pwd|token|key|credential)\w*=)[^\s&;,'\"]+"
)


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
        return {key: mask(str(key), item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        masked = [mask("", item) for item in value]
        return masked if isinstance(value, list) else tuple(masked)
    return value


def mask_text(text: str) -> str:
    """Hide passwords in URLs and ``password=...`` parameters inside a text."""
    text = re.sub(_URL_USER, rf"\g<before>{MASK}", text)
    return re.sub(_PARAMETER, rf"\g<before>{MASK}", text)
