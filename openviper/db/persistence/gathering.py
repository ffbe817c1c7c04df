"""Instances that are stored together: cleaned and bound in slices, and put back as they were if that fails.

Nothing is sent before all of them are known to be good, and an event loop that cleans a hundred thousand at once
serves nobody meanwhile. So others have their turn after each slice; what they assign to an instance is kept, and counts
as changed if it comes too late to be stored.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from openviper.db.cleaning import Change
from openviper.db.compiler.bulk import BulkPlan
from openviper.db.compiler.write import name_faults
from openviper.db.connections import Database
from openviper.db.exceptions import FieldValueError
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.persistence.cleaning import Faults, cleans_itself
from openviper.db.persistence.record import Stored, refuse_unread, restore

__all__ = ["Bound", "Gathering", "by_key"]

#: Instances that are cleaned and bound in one go, which takes a few milliseconds.
_SLICE: Final = 500

#: An instance, and what was bound of it.
Bound: TypeAlias = tuple[Stored, tuple[object, ...]]


class Gathering:
    """Instances that are stored together.

    Args:
        options: Of their model.
        database: Where to.
        records: The instances.
        positions: Where they stand in what the caller has, counted from 1.
    """

    def __init__(
        self, options: Options, database: Database, records: Sequence[Stored], positions: Sequence[int]
    ) -> None:
        self.options = options
        self.database = database
        self.records = records
        self.positions = positions
        self.faults = Faults()
        # What fields change is noted, which is nothing in most instances; what the author's methods do nobody can tell.
        self.changes: list[Change] = []
        self._copies_all = cleans_itself(options.model)
        self._copies: list[tuple[dict[str, object], dict[str, object], dict[str, object] | None]] = []

    async def in_slices(self, take: Callable[[Sequence[Stored], Sequence[int]], None]) -> None:
        """Do something with all instances, some at a time.

        Args:
            take: Gets some of them and their positions; puts what is wrong into ``faults``.

        Raises:
            ModelValidationError: Instances were refused.
            NotLoadedError: A field of one was not read.
        """
        for start in range(0, len(self.records), _SLICE):
            if start:
                await asyncio.sleep(0)
            place = slice(start, start + _SLICE)
            some = self.records[place]
            if self._copies_all:
                before = [vars(record).copy() for record in some]
                self._copies += [(vars(one), values, None) for one, values in zip(some, before, strict=True)]
            try:
                take(some, self.positions[place])
            except KeyError as error:
                for record in some:
                    refuse_unread(record, error)
                raise
            if self._copies_all:
                self._copies[start:] = [(values, held, values.copy()) for values, held, _ in self._copies[start:]]
        self.faults.refuse()

    def undo(self) -> None:
        """Take back what cleaning has changed, and nobody else since."""
        for values, before, placed in self._copies:
            restore(values, before, placed)
        for values, name, value, made in reversed(() if self._copies_all else self.changes):
            if values.get(name) is made:
                values[name] = value

    def prepare(self, records: Iterable[Stored], fields: Iterable[AnyField], *, is_new: bool) -> None:
        """Put in place what fields set by themselves.

        Args:
            records: The instances.
            fields: Those that may.
            is_new: Whether the instances become new rows.
        """
        for field in fields:
            if field.prepares:
                name = field.attname
                for record in records:
                    values = vars(record)
                    held = values[name]
                    made = values[name] = field.pre_save(held, is_new=is_new)
                    if made is not held:
                        self.changes.append((values, name, held, made))

    def bind(self, plan: BulkPlan, records: Sequence[Stored]) -> list[Bound]:
        """Give instances with what is bound of them.

        Args:
            plan: Of the statement.
            records: The instances.

        Raises:
            ModelValidationError: The engine cannot store a value.
        """
        values = [vars(record) for record in records]
        try:
            return list(zip(records, plan.bind_many(values), strict=True))
        except FieldValueError as error:
            faults = Faults()
            faults.collect(values, self._positions_of(records), lambda one: self._name_faults(plan, one))
            faults.refuse()
            raise error

    def _name_faults(self, plan: BulkPlan, values: dict[str, object]) -> None:
        name_faults(plan.fields, self.database.dialect, values)

    def _positions_of(self, records: Sequence[Stored]) -> list[int]:
        known = {id(record): position for record, position in zip(self.records, self.positions, strict=True)}
        return [known[id(record)] for record in records]


def by_key(bound: Iterable[Bound], places: Sequence[int]) -> list[Bound]:
    """Put instances into an order that each process would find.

    Two transactions that lock the same rows in different orders wait for each other, and the server ends one of them.

    Args:
        bound: The instances.
        places: Indexes in their rows of what orders them.
    """
    made = list(bound)
    for place in reversed(places):
        try:
            made.sort(key=lambda one: one[1][place])  # type: ignore[arg-type, return-value]  # or an error
        except TypeError:  # NULL has no place among others
            made.sort(key=lambda one: repr(one[1][place]))
    return made
