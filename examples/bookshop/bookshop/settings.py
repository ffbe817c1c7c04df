"""Settings of the bookshop.

There is no ``SECRET_KEY`` here: while developing, each run makes its own, and in production the environment gives it.
"""

from openviper.conf import BaseSettings


class Settings(BaseSettings):
    """What differs from the framework's defaults."""

    PROJECT_NAME: str = "The Paper Lantern"
    INSTALLED_APPS: tuple[str, ...] = ("visits", "catalogue")
    MIDDLEWARE: tuple[str, ...] = (
        "openviper.middleware.security.SecurityMiddleware",
        "visits.middleware.VisitMiddleware",
    )
