"""Gives each visit a number."""

from openviper.middleware.base import HookedMiddleware
from openviper.types import Scope

from members.visits import counter


class VisitMiddleware(HookedMiddleware):
    """Puts ``visit_number`` into the scope of a page that a person asks for; programs do not count."""

    def on_request(self, scope: Scope) -> None:
        """Count people by what their browsers accept."""
        if any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
            scope["visit_number"] = counter.count()
