"""OpenViper: an async-first web framework with everything a product needs in the box."""

from openviper._version import __version__
from openviper.app import OpenViper
from openviper.apps.bootstrap import setup
from openviper.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    ImproperlyConfigured,
    NotFound,
    OpenViperError,
    PermissionDenied,
    Unauthorized,
    ValidationError,
)
from openviper.http.request import Request
from openviper.http.response import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from openviper.http.shortcuts import render
from openviper.routing.router import Router

__all__ = [
    "BadRequest",
    "Conflict",
    "HTMLResponse",
    "HTTPException",
    "ImproperlyConfigured",
    "JSONResponse",
    "NotFound",
    "OpenViper",
    "OpenViperError",
    "PermissionDenied",
    "PlainTextResponse",
    "RedirectResponse",
    "Request",
    "Response",
    "Router",
    "Unauthorized",
    "ValidationError",
    "__version__",
    "render",
    "setup",
]
