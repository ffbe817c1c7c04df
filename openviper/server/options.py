"""How one process serves; what every process of a server is told."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ProcessOptions"]


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How one process serves.

    Args:
        log_level: Name of the least level that the server logs.
        access_log: Whether each request is logged.
        graceful_timeout: Seconds that requests in flight may take after a stop was requested; then they are
            cancelled.
        trusted_proxies: Addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` count.
    """

    log_level: str
    access_log: bool
    graceful_timeout: int
    trusted_proxies: Sequence[str]
