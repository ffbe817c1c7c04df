"""What must hold before a server may run in production: each rule with an id of its own."""

from collections.abc import Iterator, Mapping
from typing import Final

from openviper.primitives.problems import Problem

__all__ = ["find_deployment_problems"]

_SHORTEST_KEY: Final = 50
_FEWEST_CHARACTERS: Final = 10
_YEAR: Final = 31_536_000
# Words of keys that people copied from a page or meant to replace.
_WEAK: Final = (
    "insecure",
    "change-me",
    "change_me",
    "changeme",
    "secret-key",
    "secret_key",
    "secretkey",
    "your-secret",
)
_SWITCHES: Final = {
    "SECURE_COOKIES": ("settings.E106", "cookies of the framework travel over plain HTTP"),
    "SECURE_SSL_REDIRECT": ("settings.E107", "requests over plain HTTP are answered there"),
    "SESSION_COOKIE_SECURE": ("settings.E108", "the key of a session travels over plain HTTP"),
    "CSRF_COOKIE_SECURE": ("settings.E109", "the token against forged requests travels over plain HTTP"),
}


def find_deployment_problems(values: Mapping[str, object]) -> Iterator[Problem]:
    """Find what must not be so in production.

    Args:
        values: Every setting, nothing masked; no message repeats a secret.
    """
    if values["DEBUG"]:
        yield Problem("settings.E101", "DEBUG is on, and shows source code to visitors", "Set DEBUG to False.")
    yield from _find_key_problems(str(values["SECRET_KEY"] or ""))
    if not values["ALLOWED_HOSTS"]:
        yield Problem("settings.E105", "ALLOWED_HOSTS is empty, so every request is refused", "Name the site's hosts.")
    for name, (id_, consequence) in _SWITCHES.items():
        if not values[name]:
            yield Problem(id_, f"{name} is off: {consequence}", f"Set {name} to True.")
    seconds = values["SECURE_HSTS_SECONDS"]
    if not isinstance(seconds, int) or seconds < _YEAR:
        yield Problem(
            "settings.E110",
            f"SECURE_HSTS_SECONDS is {seconds}, less than a year",
            f"Set it to {_YEAR} once every page of the domain works over HTTPS.",
        )
    if _is_described(values):
        yield Problem(
            "settings.E111",
            "OPENAPI is enabled, and tells everyone which addresses exist",
            "Set OPENAPI_ENABLED to False, or 'enabled' in OPENAPI.",
        )
    headers = values["CORS_ALLOWED_HEADERS"]
    if isinstance(headers, tuple | list) and "*" in headers:
        yield Problem(
            "settings.E112",
            "CORS_ALLOWED_HEADERS holds '*', so scripts of other sites may send any header",
            "Name the headers, such as ('content-type', 'authorization'), or none.",
        )


def _find_key_problems(key: str) -> Iterator[Problem]:
    make = "Make a new one: python -c 'from openviper.conf import generate_secret_key as g; print(g())'."
    if not key:
        yield Problem("settings.E102", "SECRET_KEY is not set", make)
        return
    if len(key) < _SHORTEST_KEY:
        yield Problem("settings.E103", f"SECRET_KEY has {len(key)} characters, fewer than {_SHORTEST_KEY}", make)
    if len(set(key)) < _FEWEST_CHARACTERS or any(word in key.lower() for word in _WEAK):
        yield Problem("settings.E104", "SECRET_KEY is a placeholder or easy to guess", make)


def _is_described(values: Mapping[str, object]) -> bool:
    options = values["OPENAPI"]
    table = options if isinstance(options, Mapping) else {}
    enabled, exclude = values["OPENAPI_ENABLED"], values["OPENAPI_EXCLUDE"]
    if enabled is None:
        enabled = table.get("enabled", True)
    return bool(enabled) and (table.get("exclude") if exclude is None else exclude) != "__ALL__"
