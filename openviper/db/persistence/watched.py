"""Writes of models that have hooks or handlers: what these run into, and what becomes of an instance if they refuse."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from itertools import chain
from typing import Any, Final, cast

from openviper.db.connections import Database
from openviper.db.constructor import store_of
from openviper.db.dialects.base import Dialect
from openviper.db.events.handler import UNKNOWN
from openviper.db.events.running import ask, news, tell
from openviper.db.events.watchers import Watchers, handlers, watchers_of
from openviper.db.executor import in_slices
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.persistence.record import Stored, forget_rows, known_values, restore
from openviper.db.persistence.rules import reach_of
from openviper.db.persistence.target import read_unasked
from openviper.db.query.description import Lookup, Many, Query
from openviper.db.registry import registry
from openviper.db.transactions.aftermath import Step

__all__ = [
    "Departing",
    "clean_watched",
    "previous_state",
    "put_back",
    "tell_inserted",
    "tell_updated",
    "watched_deletes",
]

_MAX_MODELS: Final = 2000
_MAX_FIELDS: Final = 5000
#: How often the deletion of some rows may stand within one of the same rows.
_MOST_AGAIN: Final = 10

# The deletions around the running code whose hooks are being asked, the outermost first.
_departing: Final[ContextVar[tuple["Departing", ...]]] = ContextVar("departing", default=())


async def clean_watched(
    record: Stored, watchers: Watchers, leave: Callable[[], Collection[str]], *, is_new: bool
) -> None:
    """Clean an instance, with the hooks and handlers that come before it is written.

    Args:
        record: The instance.
        watchers: Of its model.
        leave: Names the fields that are left as they are; asked anew when hooks have changed something.
        is_new: Whether it becomes a new row.
    """
    await ask(watchers, "before_validate", record)
    record.full_clean(leave())
    # What comes after this may assign; only fields with another object then are cleaned once more.
    clean = vars(record).copy()
    await ask(watchers, "validate", record)
    if is_new:
        await ask(watchers, "before_insert", record)
    await ask(watchers, "before_save", record)
    fields = record._meta.fields
    same = [one.name for one in fields if not _is_other(vars(record), clean, one)]
    if len(same) < len(fields):
        record.clean_fields([*same, *leave()])


def put_back(
    record: Stored, before: Mapping[str, object], placed: Mapping[str, object] | None, row: tuple[object, ...] | None
) -> None:
    """Give an instance the values that it had before its hooks ran.

    Args:
        record: The instance.
        before: A copy of its attributes from then.
        placed: A copy of them from after the hooks; None if they are over with this failure.
        row: Its row from then; if it has another one by now, a hook has stored or read it.
    """
    values, options = vars(record), record._meta
    held = dict(before)
    if record._row is not row:
        # A row that a hook has made has its key for good.
        held[options.pk.attname] = values.get(options.pk.attname)
    restore(values, held, None if placed is None else dict(placed))
    for name, value in held.items():
        values.setdefault(name, value)  # expressions that were taken out
    changed = record.changed_fields()
    for field in options.fields:
        if field.attname not in held and field.name in changed:
            values.pop(field.attname, None)
        if field.related is not None and store_of(field.name) not in held:
            values.pop(store_of(field.name), None)


def previous_state(
    record: Stored, names: Collection[str] | None, computed: Collection[str], database: Database
) -> dict[str, object]:
    """Give what the fields that are about to change hold in the row, by name.

    Args:
        record: The instance, clean.
        names: Names of the fields that are written; None means those that have changed.
        computed: Attributes that the engine computes, which the instance does not have any more.
        database: Where it is written.
    """
    changed = frozenset(record.changed_fields())
    known = known_values(record, database.alias)
    return {
        field.name: _read(field, known[field.attname], database.dialect) if field.attname in known else UNKNOWN
        for field in record._meta.fields
        if (field.attname in computed or field.name in changed)
        and (names is None or field.name in names)
        and not field.primary_key
    }


async def tell_inserted(record: Stored, watchers: Watchers, database: Database) -> None:
    """Run what waits for a new row."""
    alias = database.alias
    inserted = news(watchers, "after_insert", record, alias)
    await tell(chain(inserted, news(watchers, "on_change", record, alias, previous_state={})))


async def tell_updated(
    record: Stored, watchers: Watchers, database: Database, previous: dict[str, object] | None
) -> None:
    """Run what waits for an UPDATE, and for changes if it was one.

    Args:
        record: The instance.
        watchers: Of its model.
        database: Where it was written.
        previous: What was changed; None or nothing where no value is another one.
    """
    alias = database.alias
    steps: Iterable[Step] = news(watchers, "on_update", record, alias)
    if previous:
        steps = chain(steps, news(watchers, "on_change", record, alias, previous_state=previous))
    await tell(steps)


def watched_deletes(options: Options, dialect: Dialect) -> frozenset[Options]:
    """Give the models whose rows may go along with those of a model, itself included, and whose deletion is waited for.

    Args:
        options: Of the model.
        dialect: Of the engine.
    """
    return _watched(options, dialect, registry.version, handlers.version)


class Departing:
    """Instances whose rows are about to be deleted, and for which somebody waits.

    Args:
        watched: The models that are waited for.
        database: Where the rows are.
        given: Instances that are there already, by model and key; others are read.
    """

    def __init__(
        self, watched: Collection[Options], database: Database, given: Mapping[Options, Mapping[object, Stored]]
    ) -> None:
        self._watched = watched
        self._database = database
        self._given = given
        #: Keys of the rows that go, by model, once they are known.
        self.rows: dict[Options, list[object]] = {}
        self._found: dict[Options, list[Stored]] = {}

    async def ask(self, doomed: Mapping[Options, Iterable[object]]) -> None:
        """Find the instances, and run what waits for their deletion; whatever is raised keeps all of them.

        Args:
            doomed: Keys of the rows, by model.

        Raises:
            RecursionError: One of them deletes the same rows again and again.
        """
        self.rows = {options: list(keys) for options, keys in doomed.items()}
        around = _departing.get()
        if len(around) >= _MOST_AGAIN and sum(one.rows == self.rows for one in around) >= _MOST_AGAIN:
            # Python's own limit would be met anywhere, in the middle of a driver's work too.
            labels = ", ".join(options.label for options in self.rows)
            raise RecursionError(f"what runs before the deletion of rows of {labels} deletes the same rows again")
        token = _departing.set((*around, self))
        try:
            await self._ask()
        finally:
            with suppress(ValueError):  # the task was thrown away, and what closes it runs in another context
                _departing.reset(token)

    async def _ask(self) -> None:
        # All of them are found before the first is asked, whose hook may change what others would be found by.
        for options, keys in self.rows.items():
            if options in self._watched:
                self._found[options] = await self._find(options, keys)
        for options, records in self._found.items():
            if (watchers := watchers_of(options)) is not None:
                for record in records:
                    await ask(watchers, "on_delete", record)

    def forget_rows(self) -> None:
        """Note that the rows are gone, unless the transaction is rolled back."""
        forget_rows([one for records in self._found.values() for one in records], self._database.alias)

    async def tell(self, *, is_cancelled: bool) -> None:
        """Run what waits for their being deleted: those that went along first.

        Args:
            is_cancelled: Whether the caller has been cancelled already, and goes on to raise that.
        """
        await tell(self._news(), is_cancelled=is_cancelled)

    def _news(self) -> Iterator[Step]:
        for options, records in reversed(self._found.items()):
            if (watchers := watchers_of(options)) is not None:
                for record in records:
                    yield from news(watchers, "after_delete", record, self._database.alias)

    async def _find(self, options: Options, keys: list[object]) -> list[Stored]:
        given = self._given.get(options, {})
        wanted = [key for key in keys if key not in given]
        found = [given[key] for key in keys if key in given]
        query = Query(options.model, where=(Lookup("pk__in", Many(0)),), order=())
        for some in in_slices(wanted):
            found += await read_unasked(query, (some,), self._database)
        return found


def _is_other(values: Mapping[str, object], before: Mapping[str, object], field: AnyField) -> bool:
    """Tell whether a field, or the instance that it refers to, is another object than before."""
    # Not by ==, to which True is 1 and 1.0, and of which only one is clean.
    if values.get(field.attname) is not before.get(field.attname):
        return True
    name = store_of(field.name)
    return field.related is not None and values.get(name) is not before.get(name)


def _read(field: AnyField, value: object, dialect: Dialect) -> object:
    read = _reader(field, dialect)
    return value if read is None else read(value)


@lru_cache(maxsize=_MAX_FIELDS)
def _reader(field: AnyField, dialect: Dialect) -> Callable[[object], object] | None:
    """Give what makes a value of a field of the driver's; None where it is one."""
    form = dialect.form_of(field)
    if form.read is None:
        return None
    names: dict[str, object] = dict(form.read.names)
    source = f"def read(y):\n    return {form.read.write('y', null=True)}"
    exec(compile(source, "<values of rows>", "exec"), names)  # noqa: S102 - only text of ours is in it
    return cast("Callable[[object], object]", names["read"])


@lru_cache(maxsize=_MAX_MODELS)
def _watched(options: Options, dialect: Dialect, _models: int, _handlers: int) -> frozenset[Options]:
    # The versions stand in the call, so that nothing is found of models and handlers from before a change.
    found: list[Any] = []
    for one in reach_of(options, dialect):
        watchers = watchers_of(one)
        if watchers is not None and watchers.deletes:
            found.append(one)
    return frozenset(found)
