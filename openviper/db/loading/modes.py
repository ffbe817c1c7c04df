"""How what was not read is read: what the query said, or else the settings."""

from typing import Protocol

from openviper.conf import settings
from openviper.db.exceptions import FetchBlockedError
from openviper.db.peers import FETCH_RAISE, FetchMode
from openviper.db.registry import AnyRecord

__all__ = ["mode_of", "refuse_blocked"]


class _Origin(Protocol):
    @property
    def mode(self) -> FetchMode | None: ...


def mode_of(origin: _Origin | None) -> FetchMode:
    """Give the mode of an instance.

    Args:
        origin: Where it came from; None for one that was made here.
    """
    stated = None if origin is None else origin.mode
    return stated or settings.FETCH_MODE


def refuse_blocked(mode: FetchMode, record: AnyRecord, name: str, *, label: str = "") -> None:
    """Refuse to read anything, where the mode says so.

    Args:
        mode: Of the instance.
        record: The instance.
        name: What was asked for.
        label: Its model, where that is not the one of the instance.

    Raises:
        FetchBlockedError: The mode is ``"raise"``.
    """
    if mode == FETCH_RAISE:
        raise FetchBlockedError(label or record._meta.label, name, remedy=_remedy(record, name, label))


def _remedy(record: AnyRecord, name: str, label: str) -> str:
    """Say how it is read along."""
    options = record._meta
    if not label and name not in options.reverse and name not in options.many:
        return "name it in only(), leave it out of defer(), or call refresh_from_db()"
    many = not label and (name in options.many or not options.reverse[name][1].is_single)
    return f"read it along by {'' if many else f'select_related({name!r}) or '}prefetch_related({name!r})"
