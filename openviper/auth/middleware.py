"""The middleware of authentication, under the name that the documentation of this package gives it."""

from openviper.middleware.auth import AuthenticationMiddleware

__all__ = ["AuthenticationMiddleware"]
