"""The application of a project that has settings and routes and no module with an application of its own."""

from openviper.app import OpenViper

__all__ = ["create_application"]


def create_application() -> OpenViper:
    """Build an application from the settings; the routes of the project are found through them."""
    return OpenViper()
