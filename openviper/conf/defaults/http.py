"""Requests and what stands around every one of them."""

from typing import Literal

from openviper.conf.base import BaseSettings

__all__ = ["HTTPSettings"]


class HTTPSettings(BaseSettings):
    """Hosts, middleware, limits of requests and their rate."""

    ALLOWED_HOSTS: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    """Host names that the site answers to; ``.example.com`` stands for the domain and all below it, ``*`` for any.

    Where ``OPENVIPER_ENV`` is ``testing``, ``testserver`` is added.

    Danger: with ``*`` a forged Host header ends up in links that the site makes, such as those in mails.
    """

    MIDDLEWARE: tuple[str, ...] = (
        "openviper.middleware.security.SecurityMiddleware",
        "openviper.middleware.cors.CORSMiddleware",
        "openviper.middleware.auth.AuthenticationMiddleware",
    )
    """Dotted paths of the classes around every request, outermost first.

    Danger: leaving out the first drops the check of hosts and the security headers.
    """

    MAX_BODY_SIZE: int = 10 * 1024 * 1024
    """Largest body of a request, in bytes; a larger one is answered with 413.

    Danger: every request may hold as much memory, so the sum over all that run at once must fit.
    """

    MAX_FILE_SIZE: int = 10 * 1024 * 1024
    """Largest single uploaded file, in bytes; a larger one is answered with 413."""

    TRUSTED_PROXIES: tuple[str, ...] = ()
    """Addresses or networks (``10.0.0.0/8``) of proxies whose ``X-Forwarded-*`` headers are believed.

    ``unix`` stands for whoever connects to a unix socket, where there are no addresses.

    Danger: a network that clients can send from lets them forge their own address.
    """

    RATE_LIMIT_BACKEND: Literal["memory", "redis"] = "memory"
    """Where requests are counted: in each process, or in Redis for all of them together."""

    RATE_LIMIT_REQUESTS: int = 100
    """Requests that one client may make within the window; 0 switches the limit off."""

    RATE_LIMIT_WINDOW: int = 60
    """Length of the window, in seconds."""

    RATE_LIMIT_BY: Literal["ip", "user", "path"] = "ip"
    """What makes a client: its address, the user who is logged in, or the path that is asked for."""
