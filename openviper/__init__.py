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
from openviper.http.response import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from openviper.http.shortcuts import render
from openviper.routing.params import Body, Cookie, Depends, File, Form, Header, Path, Query
from openviper.routing.router import Router

__all__ = [
    "BadRequest",
    "Body",
    "Conflict",
    "Cookie",
    "Depends",
    "File",
    "FileResponse",
    "Form",
    "HTMLResponse",
    "HTTPException",
    "Header",
    "ImproperlyConfigured",
    "JSONResponse",
    "NotFound",
    "OpenViper",
    "OpenViperError",
    "Path",
    "PermissionDenied",
    "PlainTextResponse",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Router",
    "StreamingResponse",
    "Unauthorized",
    "ValidationError",
    "__version__",
    "render",
    "setup",
]
