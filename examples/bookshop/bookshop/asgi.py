"""The application, for any ASGI server: ``uvicorn bookshop.asgi:app``."""

import os

os.environ.setdefault("OPENVIPER_SETTINGS_MODULE", "bookshop.settings")

from openviper import OpenViper
from openviper.exceptions import NotFound

from bookshop.views import show_not_found

app = OpenViper()
app.exception_handler(NotFound)(show_not_found)
