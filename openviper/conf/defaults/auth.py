"""Who is asking: users, sessions, tokens."""

# ruff: noqa: RUF012 - BaseSettings gives every instance a copy of its own

from datetime import timedelta
from typing import Literal

from openviper.conf.base import BaseSettings

__all__ = ["AuthSettings"]


class AuthSettings(BaseSettings):
    """Users, how they prove who they are, and how long that lasts."""

    USER_MODEL: str = "openviper.auth.models.User"
    """Dotted path of the model of users.

    Danger: a change after the first migration leaves rows that point to the other table.
    """

    AUTH_BACKENDS: tuple[str, ...] = ()
    """Dotted paths of what turns the credentials of a request into a user, tried in order."""

    PASSWORD_HASHERS: tuple[str, ...] = ("argon2", "bcrypt")
    """Algorithms of stored passwords: the first one for new ones, all of them for checking."""

    DEFAULT_PERMISSION_CLASSES: tuple[str, ...] = ()
    """Dotted paths of the permissions that a view without its own asks for.

    Danger: empty means that such a view is open to everyone.
    """

    DEFAULT_THROTTLE_CLASSES: tuple[str, ...] = ()
    """Dotted paths of the throttles of a view without its own."""

    AUTH_HOOKS: dict[str, Literal["raise", "log"]] = {
        "before_login_error": "raise",
        "on_login_error": "log",
        "on_logout_error": "log",
    }
    """What happens when a hook around a login fails: ``raise`` fails the request, ``log`` goes on.

    Danger: with ``log`` for ``before_login_error``, a check that is broken lets everyone in.
    """

    OAUTH2_EVENTS: dict[str, str] = {}
    """Handlers of logins at other sites, as dotted paths: ``on_success``, ``on_fail``, ``on_error``, ``on_initial``."""

    AUTH_SESSION_ENABLED: bool = True
    """Whether users can be logged in by a session cookie."""

    SESSION_STORE: str = "database"
    """Where sessions are kept: ``database``, or the dotted path of a store."""

    SESSION_TIMEOUT: timedelta = timedelta(hours=1)
    """How long a session lasts without a request; a variable gives it in seconds."""

    SESSION_COOKIE_NAME: str = "sessionid"
    """Name of the cookie that carries the key of a session."""

    SESSION_COOKIE_SECURE: bool = False
    """Sends that cookie over HTTPS only; must be True in production.

    Danger: a key that travels in the clear can be taken over by anyone on the way.
    """

    SESSION_COOKIE_HTTPONLY: bool = True
    """Hides that cookie from scripts.

    Danger: if False, one injected script can steal sessions.
    """

    SESSION_COOKIE_SAMESITE: Literal["Lax", "Strict", "None"] = "Lax"
    """Whether that cookie is sent with requests from other sites; ``None`` needs ``SESSION_COOKIE_SECURE``."""

    SESSION_COOKIE_PATH: str = "/"
    """Path below which that cookie is sent."""

    SESSION_COOKIE_DOMAIN: str | None = None
    """Domain to which that cookie is sent; None is the host that set it, without its subdomains."""

    JWT_ALGORITHM: str = "HS256"
    """Algorithm that signs tokens: HS, RS, ES or PS with 256, 384 or 512.

    Danger: ``none`` means tokens that anyone can write; it is refused everywhere.
    """

    JWT_ACCESS_TOKEN_EXPIRE: timedelta = timedelta(minutes=30)
    """How long an access token is good for; a variable gives it in seconds.

    Danger: a stolen one works until then.
    """

    JWT_REFRESH_TOKEN_EXPIRE: timedelta = timedelta(days=7)
    """How long a refresh token is good for; a variable gives it in seconds."""
