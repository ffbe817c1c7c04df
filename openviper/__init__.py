"""OpenViper: an async-first web framework with everything a product needs in the box."""

from openviper._version import __version__

__all__ = ["__version__"]
