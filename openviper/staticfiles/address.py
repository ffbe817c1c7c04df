"""Addresses of static files and of uploads, as templates and code write them."""

import logging
from typing import Final
from urllib.parse import quote

from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.staticfiles.finders import is_safe
from openviper.staticfiles.manifest import count_forgotten, load_manifest

__all__ = ["hashed_name", "media", "static"]

logger = logging.getLogger("openviper.staticfiles")

# Names come from templates, so there are few; one that is made of a visitor's words must not fill the memory.
_MOST_WARNINGS: Final = 1000
_warned: set[str] = set()
_MOST_NAMES: Final = 4096


def static(name: str) -> str:
    """Write the address of a static file: ``STATIC_URL`` and the percent-encoded name.

    While ``DEBUG`` is off and the files have been collected, it is the address of the hashed copy, which browsers may
    keep for ever.

    Args:
        name: Path below the folder of static files, ``css/site.css``.

    Raises:
        ValueError: The name is empty or absolute, or has a backslash, a control character or a part ``..``.
    """
    values, reading, addresses = _written.state
    # A page may have fifty of them: 0.3 us in place of 7 us. Settings are replaced whole when one of them changes.
    is_current = values is vars(settings) and reading == count_forgotten()
    if is_current and (known := addresses.get(name)) is not None:
        return known
    _check("static", name)
    address = _join(settings.STATIC_URL, name if settings.DEBUG else hashed_name(name))
    if not is_current or len(addresses) >= _MOST_NAMES:
        addresses = {}
        _written.state = (vars(settings), count_forgotten(), addresses)
    addresses[name] = address
    return address


def media(name: str) -> str:
    """Write the address of an uploaded file: ``MEDIA_URL`` and the percent-encoded name.

    Args:
        name: Path below ``MEDIA_ROOT``, ``covers/12.png``.

    Raises:
        ValueError: As for ``static``.
    """
    _check("media", name)
    return _join(settings.MEDIA_URL, name)


def hashed_name(name: str) -> str:
    """Return the hashed name of a static file, by the list of the last collection.

    Without a list, and for a name that is not in it, it is the name itself: a page without its picture is better than
    no page. The first use of such a name is logged as a warning.
    """
    manifest = load_manifest(project_folder() / settings.STATIC_ROOT)
    if manifest is None:
        return name
    hashed = manifest.files.get(name)
    if hashed is not None:
        return hashed
    if name not in _warned and len(_warned) < _MOST_WARNINGS:
        _warned.add(name)
        logger.warning("static file %r was not collected; its address has no hash, and may lead nowhere", name)
    return name


class _Written:
    """Addresses that have been written, with what they depend on: all of it is replaced at once."""

    def __init__(self) -> None:
        self.state: tuple[dict[str, object], int, dict[str, str]] = ({}, -1, {})


_written: Final = _Written()


def _check(function: str, name: str) -> None:
    if not is_safe(name):
        raise ValueError(f"{function}({name!r}): write a path below the {function} files, as in 'css/site.css'")


def _join(base: str, name: str) -> str:
    return f"{base.rstrip('/')}/{quote(name)}"
