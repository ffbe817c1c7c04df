"""The application, for any ASGI server: ``uvicorn bookshop.asgi:app``."""

import os

os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")

from openviper import HTTPException, OpenViper, ValidationError

from bookshop.errors import answer_error
from bookshop.forms import answer_faults

app = OpenViper()
app.exception_handler(HTTPException)(answer_error)
app.exception_handler(ValidationError)(answer_faults)
