"""Settings of the bookshop.

There is no ``SECRET_KEY`` here: while developing, each run makes its own, and in production the environment gives it.
"""

from pathlib import Path

from openviper.conf import BaseSettings

FOLDER = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """What differs from the framework's defaults, and three settings of the shop's own."""

    PROJECT_NAME: str = "The Paper Lantern"
    INSTALLED_APPS: tuple[str, ...] = ("catalogue", "members", "orders", "media")
    MIDDLEWARE: tuple[str, ...] = (
        "openviper.middleware.security.SecurityMiddleware",
        "bookshop.origin.OriginMiddleware",
        "members.middleware.VisitMiddleware",
    )
    CONTEXT_PROCESSORS: tuple[str, ...] = ("bookshop.context.describe_shop",)
    JINJA_PLUGINS: dict[str, object] = {"enable": True}  # noqa: RUF012 - BaseSettings gives every instance a copy

    # Pages have no scripts, and everything they show comes from the shop.
    SECURE_CONTENT_SECURITY_POLICY: str = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    # Forms and orders are small; 64 KiB is a long letter.
    MAX_BODY_SIZE: int = 64 * 1024
    MEDIA_ROOT: str = "uploads"

    STOCK_FILE: str = str(FOLDER / "data" / "stock.json")
    """What ``viperctl.py seed`` writes and a start reads; without the file, a start makes rows of its own."""

    STOCK_ROWS: int = 5000
    """How many rows a start makes."""

    STOCK_SEED: int = 1
    """What they are drawn from: the same number makes the same rows."""
