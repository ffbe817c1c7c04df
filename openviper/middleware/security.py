"""The protection that every response and every request gets without being asked for."""

import logging
import os
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias
from urllib.parse import quote

from openviper.conf import settings
from openviper.conf.environment import current_environment
from openviper.exceptions import BadRequest, SettingsValidationError
from openviper.http.headers import encode_header
from openviper.http.response import Response
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.middleware.hosts import AllowedHosts
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, RawHeaders, Receive, Scope, Send

__all__ = ["Policy", "SecurityMiddleware"]

Policy: TypeAlias = str | Mapping[str, str | Iterable[str]] | None

logger = logging.getLogger("openviper.security")

_TEST_HOST: Final = "testserver"
_ENCRYPTED: Final = frozenset({"https", "wss"})
# RFC 6455, 7.4.1: the message breaks a rule of the server.
_POLICY_VIOLATION: Final = 1008
_URL_SAFE: Final = "/:@!$&'()*+,;=~-._%?"
_POLICY_HEADER: Final = b"content-security-policy"
# The source of a policy that stands for one made for each request.
_NONCE: Final = b"'nonce'"

# What browsers know; anything else they pass over in silence, and with it the protection.
_KNOWN_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "x-frame-options": frozenset({"deny", "sameorigin"}),
    "referrer-policy": frozenset(
        {
            "no-referrer",
            "no-referrer-when-downgrade",
            "origin",
            "origin-when-cross-origin",
            "same-origin",
            "strict-origin",
            "strict-origin-when-cross-origin",
            "unsafe-url",
        }
    ),
    "cross-origin-opener-policy": frozenset(
        {"unsafe-none", "same-origin-allow-popups", "same-origin", "noopener-allow-popups"}
    ),
    "cross-origin-embedder-policy": frozenset({"unsafe-none", "require-corp", "credentialless"}),
    "cross-origin-resource-policy": frozenset({"same-site", "same-origin", "cross-origin"}),
}


class SecurityMiddleware(HookedMiddleware):
    """Refuses unknown hosts, sends plain connections to https, and adds the headers that browsers protect by.

    A header that a response already has stays as it is. Whether a connection is encrypted is what the scope
    says; the server sets that, from a proxy's headers only if it has been told to trust the proxy.

    An argument that is not given comes from the setting named with it; None or an empty text leaves a header out.

    Args:
        app: The next application inwards.
        allowed_hosts: See ``AllowedHosts`` (``ALLOWED_HOSTS``, to which ``testserver``, the host of the test client,
            is added outside production). Others get 400; a websocket is closed.
        ssl_redirect: Whether a plain request is sent to the same address on https, port 443, with status 307
            (``SECURE_SSL_REDIRECT``); a plain websocket is closed.
        hsts_seconds: How long browsers use https only, in seconds; 0 means no such header
            (``SECURE_HSTS_SECONDS``). Sent over https alone.
        hsts_include_subdomains: Whether that holds for sub-domains (``SECURE_HSTS_INCLUDE_SUBDOMAINS``).
        hsts_preload: Whether browsers may ship it in their lists (``SECURE_HSTS_PRELOAD``).
        frame_options: ``DENY`` or ``SAMEORIGIN`` (``X_FRAME_OPTIONS``).
        xss_filter: Whether to switch the filter of old browsers on (``SECURE_BROWSER_XSS_FILTER``); it has had
            holes of its own, so a content security policy is the better protection.
        referrer_policy: How much of the address other sites are told (``SECURE_REFERRER_POLICY``).
        content_security_policy: Text, or sources by directive (``SECURE_CONTENT_SECURITY_POLICY``). The source
            ``'nonce'`` stands for a new one of each request, which is ``scope["csp_nonce"]`` and
            ``request.csp_nonce``.
        permissions_policy: Text, or origins by feature (``SECURE_PERMISSIONS_POLICY``).
        cross_origin_opener_policy: Such as ``same-origin`` (``SECURE_CROSS_ORIGIN_OPENER_POLICY``).
        cross_origin_embedder_policy: Such as ``require-corp`` (``SECURE_CROSS_ORIGIN_EMBEDDER_POLICY``).
        cross_origin_resource_policy: Such as ``same-site`` (``SECURE_CROSS_ORIGIN_RESOURCE_POLICY``).

    Raises:
        SettingsValidationError: A host is malformed, or a header cannot be sent as given or has a value that no
            browser knows (a ValueError).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Iterable[str] | Unset = UNSET,
        ssl_redirect: bool | Unset = UNSET,
        hsts_seconds: int | Unset = UNSET,
        hsts_include_subdomains: bool | Unset = UNSET,
        hsts_preload: bool | Unset = UNSET,
        frame_options: str | Unset | None = UNSET,
        xss_filter: bool | Unset = UNSET,
        referrer_policy: str | Unset | None = UNSET,
        content_security_policy: Policy | Unset = UNSET,
        permissions_policy: Policy | Unset = UNSET,
        cross_origin_opener_policy: str | Unset | None = UNSET,
        cross_origin_embedder_policy: str | Unset | None = UNSET,
        cross_origin_resource_policy: str | Unset | None = UNSET,
    ) -> None:
        super().__init__(app)
        self._hosts = AllowedHosts(_hosts_of_settings() if isinstance(allowed_hosts, Unset) else allowed_hosts)
        self._ssl_redirect = given_or_setting(ssl_redirect, "SECURE_SSL_REDIRECT")
        content = given_or_setting(content_security_policy, "SECURE_CONTENT_SECURITY_POLICY")
        permissions = given_or_setting(permissions_policy, "SECURE_PERMISSIONS_POLICY")
        opener = given_or_setting(cross_origin_opener_policy, "SECURE_CROSS_ORIGIN_OPENER_POLICY")
        embedder = given_or_setting(cross_origin_embedder_policy, "SECURE_CROSS_ORIGIN_EMBEDDER_POLICY")
        resource = given_or_setting(cross_origin_resource_policy, "SECURE_CROSS_ORIGIN_RESOURCE_POLICY")
        xss = given_or_setting(xss_filter, "SECURE_BROWSER_XSS_FILTER")
        fields = {
            "x-content-type-options": "nosniff",
            "x-frame-options": given_or_setting(frame_options, "X_FRAME_OPTIONS"),
            "referrer-policy": given_or_setting(referrer_policy, "SECURE_REFERRER_POLICY"),
            "x-xss-protection": "1; mode=block" if xss else None,
            "content-security-policy": _format_content_policy(content),
            "permissions-policy": _format_permissions(permissions),
            "cross-origin-opener-policy": opener,
            "cross-origin-embedder-policy": embedder,
            "cross-origin-resource-policy": resource,
        }
        hsts = _format_hsts(
            given_or_setting(hsts_seconds, "SECURE_HSTS_SECONDS"),
            subdomains=given_or_setting(hsts_include_subdomains, "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
            preload=given_or_setting(hsts_preload, "SECURE_HSTS_PRELOAD"),
        )
        self._plain_headers = _encode(fields)
        self._encrypted_headers = _encode({**fields, "strict-transport-security": hsts})
        self._names = frozenset(name for name, _ in self._encrypted_headers)
        # What stands around the nonces of the policy; nothing where it has none.
        self._around_nonces: list[bytes] = []
        policy = dict(self._plain_headers).get(_POLICY_HEADER, b"")
        if _NONCE in policy:
            self._around_nonces = policy.split(_NONCE)
            for headers in (self._plain_headers, self._encrypted_headers):
                headers.remove((_POLICY_HEADER, policy))

    def on_request(self, scope: Scope) -> ASGIApp | None:
        """Refuse an unknown host, and send a plain connection to the encrypted one where that is asked for.

        Raises:
            BadRequest: The host is not allowed, and the application answers errors (400).
        """
        if self._around_nonces and "csp_nonce" not in scope:
            scope["csp_nonce"] = os.urandom(16).hex()  # CSP 3, 7.1: at least 128 bits that nobody can guess
        host = self._hosts.find(scope["headers"])
        if host is None:
            _report_refusal(scope)
            # The log names the setting; who looks for hosts to attack is not told about it.
            error = BadRequest("This host is not served here.")
            if self._responder is not None:
                raise error
            # Most requests are for the right host.
            from openviper.middleware.answers import explain_alone

            return explain_alone(scope, error)
        if self._ssl_redirect and scope.get("scheme") not in _ENCRYPTED:
            # Temporary: browsers keep a permanent one, and a proxy that was set up wrong would be kept with it.
            return Response(None, 307, {"location": _encrypted_address(scope, host)})
        return None

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Add the headers that the response does not have."""
        added = self._encrypted_headers if scope.get("scheme") in _ENCRYPTED else self._plain_headers
        # A 304 changes the fields of the page that the client has kept, whose scripts carry the nonce of that time.
        if self._around_nonces and status != 304:
            nonce = b"'nonce-%b'" % scope["csp_nonce"].encode("ascii")
            added = [*added, (_POLICY_HEADER, nonce.join(self._around_nonces))]
        for name, _ in headers:
            if name in self._names:
                present = {name for name, _ in headers}
                headers += [field for field in added if field[0] not in present]
                return
        headers += added

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close a websocket of an unknown host, or a plain one where connections have to be encrypted."""
        if self._hosts.find(scope["headers"]) is None:
            _report_refusal(scope)
        elif not self._ssl_redirect or scope.get("scheme") in _ENCRYPTED:
            await self.app(scope, receive, send)
            return
        await receive()  # websocket.connect: nothing may be sent before it
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


def _hosts_of_settings() -> Iterable[str]:
    hosts: object = settings.ALLOWED_HOSTS
    if current_environment() == "production" or not isinstance(hosts, tuple | list):
        return settings.ALLOWED_HOSTS  # anything but a list is refused by name
    # A name that nobody can own, so that an application can be tested as it is.
    return [*hosts, _TEST_HOST]


def _encode(fields: Mapping[str, str | None]) -> RawHeaders:
    headers: RawHeaders = []
    errors: list[str] = []
    for name, value in fields.items():
        if not value:
            continue
        try:
            headers.append(encode_header(name, value))
        except ValueError as error:
            errors.append(str(error))
            continue
        # The policy about referrers may be a list, of which the last known counts; others may have parameters.
        words = value.split(",") if name == "referrer-policy" else [value.partition(";")[0]]
        known = _KNOWN_VALUES.get(name)
        if known is not None and not known.issuperset(word.strip().lower() for word in words):
            errors.append(f"header {name!r}: browsers know no {value!r}; use {', '.join(sorted(known))}")
    if errors:
        raise SettingsValidationError(errors)
    return headers


def _format_hsts(seconds: int, *, subdomains: bool, preload: bool) -> str | None:
    if not seconds:
        return None
    if seconds < 0:
        raise SettingsValidationError([f"SECURE_HSTS_SECONDS is {seconds}, and must be 0 or more seconds"])
    return f"max-age={seconds}{'; includeSubDomains' if subdomains else ''}{'; preload' if preload else ''}"


def _format_content_policy(policy: Policy) -> str | None:
    """Write ``{"default-src": ["'self'"], "upgrade-insecure-requests": ()}`` as one line; text stays as it is."""
    if policy is None or isinstance(policy, str):
        return policy
    directives = []
    for name, given in policy.items():
        sources = [given] if isinstance(given, str) else list(given)
        if any(";" in source or "," in source for source in sources):
            # Either would end the directive, or the policy, and switch off what comes after it.
            raise SettingsValidationError(
                [f"content security policy: {name!r} has a source with ';' or ',': {sources}"]
            )
        directives.append(" ".join([name, *sources]).strip())
    return "; ".join(directives)


def _format_permissions(policy: Policy) -> str | None:
    """Write ``{"camera": ["self", "https://a.example"], "geolocation": ()}`` as one line; text stays as it is."""
    if policy is None or isinstance(policy, str):
        return policy
    features = []
    for name, given in policy.items():
        origins = [given] if isinstance(given, str) else list(given)
        # W3C Permissions Policy, 5.2: keywords stand bare, origins in quotes.
        written = [origin if origin in ("*", "self") else f'"{origin.strip(chr(34))}"' for origin in origins]
        features.append(f"{name}={written[0] if written == ['*'] else '(' + ' '.join(written) + ')'}")
    return ", ".join(features)


def _encrypted_address(scope: Scope, host: bytes) -> str:
    raw_path = scope.get("raw_path")
    # Some servers leave the query in it.
    path = raw_path.partition(b"?")[0] if raw_path else scope["path"].encode("utf-8", "replace")
    query = scope.get("query_string", b"")
    # Quoted once more, since a server may pass on bytes that a header cannot carry; escapes stay as they are.
    address = quote(b"%b?%b" % (path, query) if query else path, safe=_URL_SAFE)
    # A server may pass on a target without a slash, "@evil.example", which would become a part of the host.
    return f"https://{host.decode('ascii')}/{address.removeprefix('/')}"


def _report_refusal(scope: Scope) -> None:
    hosts = [value[:255] for name, value in scope["headers"] if name == b"host"]
    # Quoted, since a path may hold line breaks, and with them lines of a log that nobody has written.
    path = quote(scope["path"], errors="replace")
    logger.warning("%s refused: Host %r is not in ALLOWED_HOSTS or not well-formed", path, hosts)
