"""Errors of routes: mistakes in a project's code, raised before it serves, and paths that are refused.

::

    OpenViperError
    ├── ImproperlyConfigured
    │   └── RouteError (ValueError)
    │       └── DuplicateRouteError
    └── HTTPException
        └── BadRequest 400
            └── PathSecurityError
"""

from openviper.exceptions import BadRequest, ImproperlyConfigured

__all__ = ["DuplicateRouteError", "PathSecurityError", "RouteError"]


class RouteError(ImproperlyConfigured, ValueError):
    """A path pattern or a handler cannot be routed; the message names it and the mend."""

    code = "route-invalid"


class DuplicateRouteError(RouteError):
    """Two routes answer the same method and path, so one of them would never be reached."""

    code = "route-duplicate"


class PathSecurityError(BadRequest):
    """400: the path holds NUL, an encoded slash or a dot segment, which no client sends by itself."""

    code = "path-unsafe"
