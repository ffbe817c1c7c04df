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

    THREAD_POOL_SIZE: int = 40
    """Threads for handlers and dependencies that are plain functions, in each process, at least 1.

    The next call waits until one of them is free. Other blocking work, such as reading files, has threads of its own.

    Danger: every thread may hold a connection of a database, so their number must fit what that allows.
    """

    MAX_FILE_SIZE: int = 10 * 1024 * 1024
    """Largest single uploaded file, in bytes; a larger one is answered with 413."""

    MAX_UPLOAD_SIZE: int = 100 * 1024 * 1024
    """Largest body of a form with files, in bytes; a larger one is answered with 413.

    Such a body is read in pieces and its files go to the disk, so ``MAX_BODY_SIZE`` limits only what stays in memory:
    the fields beside the files.

    Danger: every request may take as much of the disk for as long as it runs. ``BodyLimitMiddleware`` knows a form with
    files by its ``Content-Type``, which the sender chooses.
    """

    MAX_FORM_FIELDS: int = 1000
    """Fields that a form may have, files apart; one with more is answered with 413."""

    MAX_FORM_FILES: int = 100
    """Files that a form may have; one with more is answered with 413."""

    MAX_FIELD_SIZE: int = 1024 * 1024
    """Largest value of a form field, in bytes; a larger one is answered with 413."""

    MAX_PART_HEADER_SIZE: int = 8 * 1024
    """Largest head of a field or file in a form with files, its name included, in bytes; 413 beyond.

    In a plain form it limits the name of a field alone.
    """

    UPLOAD_MEMORY_SIZE: int = 1024 * 1024
    """What of an uploaded file is kept in memory, in bytes; a larger file goes to a temporary one on the disk.

    The small files of one form stay in memory together with its fields up to ``MAX_BODY_SIZE``.
    """

    UPLOAD_TEMP_DIR: str = ""
    """Folder of the temporary files; empty means that of the system.

    Where the system allows it they have no name there, and they are gone when the request ends.

    Danger: some systems keep their own folder in memory (``tmpfs``), where large uploads fill it.
    """

    TRUSTED_PROXIES: tuple[str, ...] = ()
    """Addresses or networks (``10.0.0.0/8``) of proxies whose word about the client is believed.

    ``unix`` stands for whoever connects to a unix socket, where there are no addresses. ``runserver`` applies it; under
    another server ``ProxyHeadersMiddleware`` does.

    Danger: a network that clients can send from lets them forge their own address.
    """

    TRUSTED_PROXY_HEADERS: tuple[
        Literal[
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "forwarded",
        ],
        ...,
    ] = ("x-forwarded-for", "x-forwarded-proto")
    """The headers that those proxies set, ``forwarded`` (RFC 7239) or any of the others.

    Danger: a header that stands here and that the proxy passes on from the client is believed all the same.
    """

    COMPRESSION_MIN_SIZE: int = 500
    """Smallest body that ``CompressionMiddleware`` compresses, in bytes; 0 compresses every one."""

    TRUST_REQUEST_ID: bool = False
    """Takes over the ``X-Request-ID`` of a request, where ``RequestIDMiddleware`` would make an id of its own.

    Danger: clients that reach the site past the proxy can give many requests one id, and muddle the log.
    """

    PROBLEM_JSON: bool = False
    """Tells errors as ``application/problem+json`` (RFC 9457) to every client that is no browser.

    Otherwise only those get it whose ``Accept`` names that type.
    """

    RATE_LIMIT_BACKEND: Literal["memory", "redis"] = "memory"
    """Where requests are counted: in each process, or in Redis for all of them together."""

    RATE_LIMIT_REQUESTS: int = 100
    """Requests that one client may make within the window; 0 switches the limit off."""

    RATE_LIMIT_WINDOW: int = 60
    """Length of the window, in seconds."""

    RATE_LIMIT_BY: Literal["ip", "user", "path"] = "ip"
    """What makes a client: its address, the user who is logged in, or the path that is asked for."""
