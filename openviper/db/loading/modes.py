"""How what was not read is read: what the query said, or else the settings; and where all of a result may have it."""

from typing import Protocol

from openviper.conf import settings
from openviper.core.context import ignore_permissions_ctx
from openviper.db.compiler.origin import RowOrigin
from openviper.db.exceptions import FetchBlockedError
from openviper.db.loading.together import is_inside
from openviper.db.peers import FETCH_PEERS, FETCH_RAISE, FetchMode
from openviper.db.permissions import slot
from openviper.db.registry import AnyRecord
from openviper.db.routers import primary_of
from openviper.db.transactions import current_scope

__all__ = ["is_unchecked", "mode_of", "refuse_blocked", "shares"]


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


def shares(mode: FetchMode, source: object) -> bool:
    """Tell whether what is read now may be given to all instances of a result.

    What a transaction reads is for what was read in the same one, and in no part of it that is rolled back by itself.

    Args:
        mode: Of the instance that asks.
        source: Where the instances came from.
    """
    if mode != FETCH_PEERS or not isinstance(source, RowOrigin) or source.refs is None or is_inside():
        return False
    return source.transaction is current_scope(primary_of(source.alias))


def is_unchecked() -> bool:
    """Tell whether there is a checker that the running code passes over, so that others may not have what it reads."""
    return slot.checker is not None and ignore_permissions_ctx.get()


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
