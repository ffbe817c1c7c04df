"""Settings of the bookshop.

There is no ``SECRET_KEY`` here: while developing, each run makes its own, and in production the environment gives it.
"""

from openviper.conf import BaseSettings


class Settings(BaseSettings):
    """What differs from the framework's defaults, and three settings of the shop's own."""

    PROJECT_NAME: str = "The Paper Lantern"
    INSTALLED_APPS: tuple[str, ...] = ("catalogue", "members", "orders", "media")
    MIDDLEWARE: tuple[str, ...] = (
        "openviper.middleware.request_id.RequestIDMiddleware",
        "openviper.middleware.security.SecurityMiddleware",
        "openviper.middleware.compression.CompressionMiddleware",
        "bookshop.origin.OriginMiddleware",
        "members.middleware.VisitMiddleware",
    )
    CONTEXT_PROCESSORS: tuple[str, ...] = ("bookshop.context.describe_shop",)
    JINJA_PLUGINS: dict[str, object] = {"enable": True}  # noqa: RUF012 - BaseSettings gives every instance a copy

    # A file in the folder of the project; OPENVIPER_DATABASE_URL moves the shop elsewhere.
    DATABASE_URL: str = "sqlite:///shop.sqlite3"

    # Pages have no scripts, and everything they show comes from the shop.
    SECURE_CONTENT_SECURITY_POLICY: str = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    # Forms and orders are small; 64 KiB is a long letter.
    MAX_BODY_SIZE: int = 64 * 1024
    MAX_FORM_FIELDS: int = 60
    # A cover may be as large as a printer wants it.
    MAX_FILE_SIZE: int = 24 * 1024 * 1024
    MAX_UPLOAD_SIZE: int = 25 * 1024 * 1024
    MAX_FORM_FILES: int = 1
    # The folder "media" is an app here.
    MEDIA_ROOT: str = "uploads"

    STOCK_ROWS: int = 5000
    """How many rows a shop opens with whose database is empty."""

    STOCK_SEED: int = 1
    """What they are drawn from: the same number makes the same rows."""
