"""Conditional requests: entity tags, dates, and what a request makes depend on them (RFC 9110, 13)."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from openviper.http.dates import parse_http_date
from openviper.types import RawHeaders

__all__ = ["Validators", "check_conditions", "is_range_current", "matches_strongly", "matches_weakly"]

_CONDITIONS: Final = frozenset((b"if-match", b"if-modified-since", b"if-none-match", b"if-unmodified-since"))
_TAG: Final = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a resource from another.

    Args:
        etag: The entity tag as it is sent, with its quotes and ``W/`` if it is weak; None where there is none.
        modified_at: Unix time of the last change, in whole seconds; None where it is not known.
    """

    etag: str | None = None
    modified_at: int | None = None


def check_conditions(method: str, headers: RawHeaders, now: Validators) -> Literal[304, 412] | None:
    """Say what the conditions of a request make of a success; None goes on with it.

    Args:
        method: The method in upper case.
        headers: The header fields of the request.
        now: The present state of what is asked for.
    """
    if not any(name in _CONDITIONS for name, _ in headers):
        return None
    is_read = method in ("GET", "HEAD")
    # RFC 9110 13.2.2: in this order, a date only where there is no tag of the same kind.
    wanted = _find(headers, b"if-match")
    if wanted is not None:
        if wanted != "*" and not any(matches_strongly(tag, now.etag) for tag in _TAG.findall(wanted)):
            return 412
    elif now.modified_at is not None:
        limit = _find_date(headers, b"if-unmodified-since")
        if limit is not None and now.modified_at > limit:
            return 412
    known = _find(headers, b"if-none-match")
    if known is not None:
        if known == "*" or any(matches_weakly(tag, now.etag) for tag in _TAG.findall(known)):
            return 304 if is_read else 412
    elif is_read and now.modified_at is not None:
        since = _find_date(headers, b"if-modified-since")
        if since is not None and now.modified_at <= since:
            return 304
    return None


def is_range_current(headers: RawHeaders, now: Validators) -> bool:
    """Tell whether a range may be cut from the present state: without ``If-Range``, or if that still holds."""
    wanted = _find(headers, b"if-range")
    if wanted is None:
        return True
    if wanted.endswith('"'):
        return matches_strongly(wanted, now.etag)
    # RFC 9110 13.1.5: the very date that was sent, and only if it is a strong validator. One that comes with a weak tag
    # is not, since there may have been another change in the same second.
    is_strong = now.etag is None or not now.etag.startswith("W/")
    date = parse_http_date(wanted)
    return is_strong and date is not None and date == now.modified_at


def matches_strongly(first: str | None, second: str | None) -> bool:
    """Tell whether two entity tags promise the same bytes: equal, and neither of them weak."""
    return first is not None and first == second and not first.startswith("W/")


def matches_weakly(first: str | None, second: str | None) -> bool:
    """Tell whether two entity tags promise the same meaning: equal, weak or not."""
    return first is not None and second is not None and first.removeprefix("W/") == second.removeprefix("W/")


def _find(headers: RawHeaders, wanted: bytes) -> str | None:
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values).decode("latin-1").strip() if values else None


def _find_date(headers: RawHeaders, wanted: bytes) -> int | None:
    value = _find(headers, wanted)
    return None if value is None else parse_http_date(value)
