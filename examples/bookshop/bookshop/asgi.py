"""The application, for any ASGI server: ``uvicorn bookshop.asgi:app``."""

import os

os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")

from openviper import HTTPException, OpenViper

from bookshop.errors import answer_error

app = OpenViper()
app.exception_handler(HTTPException)(answer_error)
