"""The responses: what goes back, ready to be sent."""

from openviper.http.response.base import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from openviper.http.response.compressed import GZipResponse
from openviper.http.response.files import FileResponse
from openviper.http.response.streaming import StreamingResponse

__all__ = [
    "FileResponse",
    "GZipResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
]
