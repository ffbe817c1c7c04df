"""Errors of routes; all of them are mistakes in a project's code and are raised before it serves.

::

    OpenViperError
    └── ImproperlyConfigured
        └── RouteError (ValueError)
            └── DuplicateRouteError
"""

from openviper.exceptions import ImproperlyConfigured

__all__ = ["DuplicateRouteError", "RouteError"]


class RouteError(ImproperlyConfigured, ValueError):
    """A path pattern or a handler cannot be routed; the message names it and the mend."""

    code = "route-invalid"


class DuplicateRouteError(RouteError):
    """Two routes answer the same method and path, so one of them would never be reached."""

    code = "route-duplicate"
