"""Static files: where they lie, their addresses, gathering them for a server, and sending them.

While ``DEBUG`` is on, the application sends them by itself; nothing here has to be called for that.
"""

from openviper.staticfiles.address import media, static
from openviper.staticfiles.collect import collect_static
from openviper.staticfiles.exceptions import MissingReferenceError, StaticFilesError
from openviper.staticfiles.finders import StaticFinder

__all__ = ["MissingReferenceError", "StaticFilesError", "StaticFinder", "collect_static", "media", "static"]
