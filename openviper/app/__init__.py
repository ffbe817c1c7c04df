"""OpenViper: assemble an application once, then serve http, websocket and lifespan scopes."""

from openviper.app.application import OpenViper

__all__ = ["OpenViper"]
