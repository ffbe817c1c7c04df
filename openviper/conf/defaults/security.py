"""Headers and cookies that protect visitors, and who may call from elsewhere."""

from typing import Literal

from openviper.conf.base import BaseSettings
from openviper.conf.defaults.options import Options

__all__ = ["SecuritySettings"]


class SecuritySettings(BaseSettings):
    """HTTPS, security headers, cross-site request forgery and cross-origin requests."""

    SECURE_SSL_REDIRECT: bool = False
    """Redirects plain HTTP to HTTPS; must be True in production.

    Danger: behind a proxy that ends TLS and is not in ``TRUSTED_PROXIES``, every request is redirected for ever.
    """

    SECURE_COOKIES: bool = False
    """Marks every cookie of the framework ``Secure``, so that it travels over HTTPS only; must be True in production.

    Danger: over plain HTTP, browsers then do not send the cookies back.
    """

    SECURE_HSTS_SECONDS: int = 0
    """Seconds for which browsers use HTTPS only (``Strict-Transport-Security``); 0 sends no header.

    Production asks for a year, 31536000.

    Danger: it cannot be taken back before it ends; begin with a small number.
    """

    SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = False
    """Extends ``SECURE_HSTS_SECONDS`` to all subdomains.

    Danger: a subdomain without HTTPS cannot be reached any more.
    """

    SECURE_HSTS_PRELOAD: bool = False
    """Allows browsers to ship the domain in their list of HTTPS-only sites.

    Danger: to leave that list takes months.
    """

    SECURE_BROWSER_XSS_FILTER: bool = False
    """Sends ``X-XSS-Protection`` for old browsers; new ones ignore it."""

    SECURE_REFERRER_POLICY: str | None = "strict-origin-when-cross-origin"
    """Value of ``Referrer-Policy``: how much of an address other sites are told; None sends no header.

    Danger: with ``unsafe-url`` they read paths and queries, and whatever stands in these.
    """

    SECURE_CONTENT_SECURITY_POLICY: str | Options | None = None
    """Value of ``Content-Security-Policy``: text, or directives to their sources; None sends no header.

    The source ``'nonce'`` stands for one that is made for each request, ``request.csp_nonce``.
    """

    SECURE_PERMISSIONS_POLICY: str | Options | None = None
    """Value of ``Permissions-Policy``: text, or features to who may use them; None sends no header."""

    SECURE_CROSS_ORIGIN_OPENER_POLICY: str | None = None
    """Value of ``Cross-Origin-Opener-Policy``, such as ``same-origin``; None sends no header."""

    SECURE_CROSS_ORIGIN_EMBEDDER_POLICY: str | None = None
    """Value of ``Cross-Origin-Embedder-Policy``, such as ``require-corp``; None sends no header."""

    SECURE_CROSS_ORIGIN_RESOURCE_POLICY: str | None = None
    """Value of ``Cross-Origin-Resource-Policy``, such as ``same-site``; None sends no header."""

    X_FRAME_OPTIONS: str = "DENY"
    """Who may show the site in a frame: ``DENY`` for nobody, ``SAMEORIGIN`` for the site itself; empty sends no header.

    Danger: a site that others may frame can be laid under their buttons.
    """

    CSRF_COOKIE_NAME: str = "csrftoken"
    """Name of the cookie that carries the token against forged requests."""

    CSRF_COOKIE_SECURE: bool = False
    """Sends that cookie over HTTPS only; must be True in production."""

    CSRF_COOKIE_HTTPONLY: bool = False
    """Hides that cookie from scripts, which then have to take the token from the page."""

    CSRF_COOKIE_SAMESITE: Literal["Lax", "Strict", "None"] = "Lax"
    """Whether that cookie is sent with requests from other sites; ``None`` needs ``CSRF_COOKIE_SECURE``."""

    CSRF_COOKIE_AGE: int | None = None
    """Seconds that the cookie lives; None ends it with the browser's session."""

    CSRF_TRUSTED_ORIGINS: tuple[str, ...] = ()
    """Other origins, such as ``https://shop.example.com``, whose forms are accepted."""

    CORS_ALLOWED_ORIGINS: tuple[str, ...] = ()
    """Origins whose scripts may read answers; empty allows none.

    ``*`` inside an entry stands for one label of the host name, or for a port that is written.

    Danger: ``*`` alone lets every site on the net read what the API answers.
    """

    CORS_ALLOW_CREDENTIALS: bool = False
    """Lets those scripts send cookies; cannot be combined with an origin ``*``."""

    CORS_ALLOWED_METHODS: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    """Methods that those scripts may use."""

    CORS_ALLOWED_HEADERS: tuple[str, ...] = ("*",)
    """Request headers that those scripts may set; ``*`` is any, and must not stand here in production."""

    CORS_EXPOSE_HEADERS: tuple[str, ...] = ()
    """Headers of the answer that those scripts may read, beyond the ones that are always readable."""

    CORS_MAX_AGE: int = 600
    """Seconds for which a browser remembers what it may do before it asks again."""
