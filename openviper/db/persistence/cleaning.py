"""Cleaning many instances before they are stored; what is wrong with any of them is told at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from openviper.db.cleaning import Change
from openviper.db.exceptions import ModelValidationError
from openviper.db.persistence.record import Stored
from openviper.db.registry import AnyModel

__all__ = ["Faults", "clean_all", "cleans_itself", "is_overridden"]

T = TypeVar("T")

_MODEL: Final = "openviper.db.models"
# A list may have a million wrong instances, and nobody reads about more.
_MOST_FAULTS: Final = 20


class Faults:
    """What is wrong with instances of which some are checked after others; truthy as soon as anything is."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}
        self._left = _MOST_FAULTS

    def __bool__(self) -> bool:
        return bool(self._errors)

    def collect(self, records: Iterable[T], positions: Iterable[int], check: Callable[[T], object]) -> None:
        """Check instances, and keep what is said of those that are refused, of the first twenty.

        Args:
            records: The instances.
            positions: Where they stand in what the caller has, counted from 1.
            check: Raises a ModelValidationError for one that is refused.
        """
        for position, record in zip(positions if self._left else (), records, strict=False):
            try:
                check(record)
            except ModelValidationError as error:
                for name, messages in error.errors.items():
                    self._errors.setdefault(name, []).extend(f"Item {position}: {message}" for message in messages)
                self._left -= 1
                if not self._left:
                    return

    def refuse(self) -> None:
        """Raise one error for all, if there are any.

        Raises:
            ModelValidationError: The first twenty are named by their positions.
        """
        if self._errors:
            raise ModelValidationError(self._errors)


def clean_all(
    model: AnyModel, records: Sequence[Stored], positions: Sequence[int], changes: list[Change], faults: Faults
) -> None:
    """Put clean values in place in every instance, as ``full_clean()`` does in one.

    Args:
        model: Of all of them.
        records: The instances.
        positions: Where they stand in what the caller has, counted from 1.
        changes: Gets what the fields have changed, see ``Cleaner``; not what methods of the author do.
        faults: Gets what is wrong.
    """
    if is_overridden(model, "full_clean") or is_overridden(model, "clean_fields"):
        faults.collect(records, positions, lambda record: record.full_clean())
        return
    faults.collect(records, positions, model._cleaner.noting(changes))
    # It is to meet clean values only.
    if is_overridden(model, "clean") and not faults:
        faults.collect(records, positions, model.clean)


def cleans_itself(model: AnyModel) -> bool:
    """Tell whether a method of the author takes part in cleaning, which may change anything in an instance.

    Args:
        model: The class.
    """
    return any(is_overridden(model, name) for name in ("full_clean", "clean_fields", "clean"))


def is_overridden(model: AnyModel, name: str) -> bool:
    """Tell whether a model has a method of its own in place of the one that all models have.

    Args:
        model: The class.
        name: Of the method.
    """
    return bool(getattr(model, name).__module__ != _MODEL)
