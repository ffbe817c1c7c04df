"""Notes what a request sends to databases, for the page of an error; only in debug."""

from typing import Final

from openviper.core.queries import QUERIES, QueryLog, collecting
from openviper.middleware.base import BaseMiddleware
from openviper.types import Receive, Scope, Send

__all__ = ["QueryNotesMiddleware"]

#: Statements of one request that are kept; more are only counted.
_MOST_QUERIES: Final = 200


class QueryNotesMiddleware(BaseMiddleware):
    """Keeps a log of queries in the scope of each request; stands around everything else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass every scope on; that of a request with a log, unless an application around this one keeps one."""
        if scope["type"] != "http" or QUERIES in scope:
            await self.app(scope, receive, send)
            return
        with collecting(QueryLog(most=_MOST_QUERIES)) as log:
            scope[QUERIES] = log
            await self.app(scope, receive, send)
