"""How one process serves; what every process of a server is told."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from openviper.middleware.proxies import DEFAULT_HEADERS, TrustedProxies

__all__ = ["LOG_FORMATS", "SERVERS", "TIDY_TIMEOUT", "LogFormat", "ProcessOptions", "ServerName"]

ServerName: TypeAlias = Literal["uvicorn", "granian"]
LogFormat: TypeAlias = Literal["text", "json"]

#: What ``server`` may be, the default first.
SERVERS: Final[tuple[ServerName, ...]] = ("uvicorn", "granian")

#: What ``log_format`` may be.
LOG_FORMATS: Final[tuple[LogFormat, ...]] = ("text", "json")

#: Seconds in which cancelled requests can tidy up, before the application is shut down without waiting for them.
TIDY_TIMEOUT: Final = 5.0


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How one process serves.

    Args:
        log_level: Name of the least level that the server logs.
        access_log: Whether each request is logged.
        graceful_timeout: Seconds that requests in flight may take after a stop was requested; then they are
            cancelled.
        trusted_proxies: Whose word about the client counts.
        server: The program that speaks HTTP.
        log_format: ``json`` for one JSON object a line; None for the format of the project, or text without one.
        proxy_headers: The headers that these proxies set.
    """

    log_level: str
    access_log: bool
    graceful_timeout: float
    trusted_proxies: TrustedProxies
    server: ServerName = "uvicorn"
    log_format: LogFormat | None = None
    proxy_headers: tuple[str, ...] = DEFAULT_HEADERS
