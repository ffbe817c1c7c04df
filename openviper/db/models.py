"""Model: one row of a table as an object; and the names that users import with it."""

import copy
from collections.abc import Collection, Generator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from openviper.db import exceptions
from openviper.db.cleaning import Cleaner
from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint
from openviper.db.constructor import is_loaded
from openviper.db.exceptions import NotLoadedError
from openviper.db.fields.choices import TextChoice
from openviper.db.hooks import Hooks
from openviper.db.manager import Manager, ManagerAttribute, QuerySet
from openviper.db.metaclass import ModelType
from openviper.db.options import Options
from openviper.db.peers import FETCH_ONE, FETCH_PEERS, FETCH_RAISE, FetchMode, PeerSource
from openviper.db.query.aggregates import Avg, Count, Max, Min, Sum
from openviper.db.query.expressions import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from openviper.db.query.reading import Answer, Prefetch
from openviper.db.query.windows import RowRange, ValueRange, Window
from openviper.db.queryset.late import work
from openviper.db.related import ManyRelatedManager, RelatedManager, related_to
from openviper.db.texts import describe

__all__ = [
    "FETCH_ONE",
    "FETCH_PEERS",
    "FETCH_RAISE",
    "AbstractModel",
    "Avg",
    "Case",
    "CheckConstraint",
    "Count",
    "Exists",
    "F",
    "Index",
    "Manager",
    "ManyRelatedManager",
    "Max",
    "Min",
    "Model",
    "Origin",
    "OuterRef",
    "Prefetch",
    "Q",
    "QuerySet",
    "RelatedManager",
    "RowRange",
    "Subquery",
    "Sum",
    "TextChoice",
    "UniqueConstraint",
    "Value",
    "ValueRange",
    "When",
    "Window",
]


class Origin(Protocol):
    """Where an instance came from: what made it of a row, and can tell what has changed since."""

    @property
    def alias(self) -> str:
        """The database that the row was read from."""

    @property
    def mode(self) -> FetchMode | None:
        """How what was not read is read when it is asked for; None leaves it to the settings."""

    @property
    def refs(self) -> "PeerSource | None":
        """Where the instances of the same result are; None for one that came alone."""

    def alone(self) -> "Origin":
        """Give the origin of a copy, which has no peers."""

    def changed_fields(self, record: "Model", row: tuple[object, ...]) -> tuple[str, ...]:
        """Name the fields whose values differ from those of the row.

        Args:
            record: The instance.
            row: What its ``_row`` holds: the row as the driver gave it.
        """


class _Unpickled:
    """The origin of an instance of which only the database is known."""

    __slots__ = ("alias",)

    mode: ClassVar[None] = None
    refs: ClassVar[None] = None

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def alone(self) -> "_Unpickled":
        return self

    def changed_fields(self, record: "Model", _row: tuple[object, ...]) -> tuple[str, ...]:
        return tuple(field.name for field in record._meta.fields if field.attname in vars(record))


class Model(Hooks, metaclass=ModelType):
    """One row of a table.

    A class below it declares fields; each becomes an attribute of its instances, a plain one. An instance is made of
    keywords, by the names of fields or of their attributes (``author`` or ``author_id``); what is left out has its
    default, or None. Nothing is validated before ``full_clean()``.

    Two instances are equal if they are of one model and have the same primary key; those without a key equal only
    themselves, and cannot be hashed.

    A ``__str__`` or ``__repr__`` of a model's own that needs a field which was not read gives the model, the key and
    the name of that field instead, ``<Author 3 (name is not loaded)>``: logs and tracebacks ask for them anywhere.

    Raises:
        TypeError: A keyword is no field; or the model is abstract.
    """

    # What queries leave on an instance. ``_row`` is the driver's row as it came, by which changes are found without
    # copies of values; None for what was never stored, () where there is a row that was not read. ``_origin`` made it.
    __slots__ = ("__dict__", "__weakref__", "_origin", "_row")

    _row: tuple[object, ...] | None
    _origin: Origin | None
    _cleaner: ClassVar[Cleaner]
    _meta: ClassVar[Options]

    #: Raised where exactly one row of this model was wanted and none is there.
    DoesNotExist: ClassVar[type[exceptions.DoesNotExist]]
    #: Raised where one row of this model was wanted and there are more.
    MultipleObjectsReturned: ClassVar[type[exceptions.MultipleObjectsReturned]]

    if TYPE_CHECKING:
        #: The primary key, whatever its name.
        pk: Any
        #: The key of a model that declares none; Any, so that a model may declare one of another type by this name.
        id: Any
        #: The queries of the model; a model may declare a manager of its own by this name.
        objects = ManagerAttribute()

        def _as_related(self) -> tuple[ManyRelatedManager[Self], Self]:
            """Tell what a many-to-many field that leads here gives; see ``fields.many``."""

    def __init__(self, **values: object) -> None:
        # Models have constructors of their own; this one is called by those that an author writes.
        construct = getattr(type(self), "_construct", None)
        if construct is None:
            raise TypeError(f"{type(self).__name__} is abstract; make an instance of a model that extends it")
        construct(self, **values)

    def __repr__(self) -> str:
        return describe(self)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Model) or _root_of(self) is not _root_of(other):
            return NotImplemented
        return self.pk is not None and self.pk == other.pk

    def __hash__(self) -> int:
        key = self.pk
        if key is None:
            raise TypeError(f"{type(self).__name__} has no primary key yet, so it cannot be hashed; save it first")
        return hash((_root_of(self), key))

    def __await__(self) -> Generator[Any, None, Self]:
        """Give the instance itself with all of its fields, so that ``await post.author`` has the author in any case.

        One that knows its key only, or was read without some fields, is filled in place; awaiting it again asks
        nothing. What has been assigned to it since is kept.

        Raises:
            DoesNotExist: The row is gone; it is the error of the model.
        """
        if not is_loaded(self):
            yield from work.load(self).__await__()
        return self

    if not TYPE_CHECKING:  # checkers would take any name for an attribute

        def __getattr__(self, name: str) -> object:
            """Give what refers to the instance, or explain a field that was not read; called for what is not there."""
            if name[0] != "_":
                meta = self._meta
                if name in meta.by_name:
                    is_made = meta.by_name[name].has_db_default and self._row is None
                    what = "the database makes it when the instance is saved"
                    remedy = what if is_made else "await the instance, or read it along with the row"
                    raise NotLoadedError(meta.label, name, remedy=remedy)
                if name in meta.reverse or name in meta.many:
                    return related_to(self, name)
                own = getattr(type(self), name, None)
                if isinstance(own, property | cached_property):
                    # It is there, and met something that is not; asked again outside of the search it says what.
                    return own.__get__(self, type(self))
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> tuple[dict[str, object], bool, str | None]:
        # The driver's row means nothing in another process, which has other plans; that there is one does, and where.
        return dict(vars(self)), self._row is not None, None if self._origin is None else self._origin.alias

    def __setstate__(self, state: tuple[dict[str, object], bool, str | None]) -> None:
        values, is_stored, alias = state
        vars(self).update(values)
        self._row = () if is_stored else None
        self._origin = None if alias is None else _Unpickled(alias)

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        twin._row, twin._origin = self._row, self._origin and self._origin.alone()
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        vars(twin).update(copy.deepcopy(vars(self), memo))
        twin._row, twin._origin = self._row, self._origin and self._origin.alone()
        return twin

    @property
    def has_changed(self) -> bool:
        """Whether a field differs from its row; True for an instance that was never stored."""
        return bool(self.changed_fields())

    def changed_fields(self) -> tuple[str, ...]:
        """Name the fields that differ from the row, in order.

        All of them have changed in an instance that was never stored. Where the row is not known, as after pickling,
        those that have a value count as changed.
        """
        if self._row and self._origin is not None:
            return self._origin.changed_fields(self, self._row)
        values, key = vars(self), self._meta.pk
        return tuple(
            field.name
            for field in self._meta.fields
            if field.attname in values and (self._row is None or field is not key)
        )

    def to_dict(self) -> dict[str, object]:
        """Give the values that are loaded, by attribute (``author_id``), in the order of the fields."""
        values = vars(self)
        return {field.attname: values[field.attname] for field in self._meta.fields if field.attname in values}

    def save(
        self,
        *,
        using: str | None = None,
        update_fields: Collection[str] | None = None,
        force_insert: bool = False,
        force_update: bool = False,
        ignore_permissions: bool = False,
    ) -> Answer[None]:
        """Store the instance: a new row if it was never stored, else the fields that have changed.

        It is validated first. Where nothing has changed, nothing is sent. A failure leaves the instance as it was, and
        so does the rollback of the transaction around it: the next save does the same again.

        Args:
            using: Alias of the database; None means the one that it was read from, else that of the model. A row that
                was read from another one is new there.
            update_fields: Names of the fields to write, changed or not; an empty list writes nothing.
            force_insert: Whether to store a new row in any case.
            force_update: Whether to update a row in any case.
            ignore_permissions: Whether to ask nobody for permission.

        Raises:
            ModelValidationError: Fields hold what they must not.
            DoesNotExist: There is no row any more to update.
            IntegrityError: The database refuses the row.
            ValueError: ``update_fields`` names what is no field, or the arguments contradict each other.
        """
        return work.save(
            self,
            using=using,
            update_fields=update_fields,
            force_insert=force_insert,
            force_update=force_update,
            ignore_permissions=ignore_permissions,
        )

    def delete(self, *, using: str | None = None, ignore_permissions: bool = False) -> Answer[int]:
        """Delete the row, and do with those that refer to it what ``on_delete`` of their fields says.

        The instance keeps its key and is new from then on: a save would store it again.

        Args:
            using: Alias of the database; None means the one that it was read from, else that of the model.
            ignore_permissions: Whether to ask nobody for permission.

        Returns:
            1, or 0 where there was no row.

        Raises:
            ProtectedError: Rows refer to it by a field that protects it; nothing was deleted.
            RestrictedError: Rows that stay refer to it; nothing was deleted.
            FieldError: The key was changed after the row was read.
            ValueError: The instance has no key.
        """
        return work.delete(self, using=using, ignore_permissions=ignore_permissions)

    def refresh_from_db(self, fields: Collection[str] | None = None, *, using: str | None = None) -> Answer[None]:
        """Read the row again, in place; what has been assigned since, and what relations led to, is forgotten.

        Args:
            fields: Names of the fields to read; None means all.
            using: Alias of the database; None means the one that it was read from, else that of the model.

        Raises:
            DoesNotExist: The row is gone.
            FieldError: A name is of no field.
            ValueError: The instance has no key.
        """
        return work.refresh(self, fields, using=using)

    def clean(self) -> None:
        """Check what concerns several fields together; models override it, and raise a ModelValidationError.

        ``full_clean()`` calls it when all fields are clean, so that it meets values of their types only.
        """

    def clean_fields(self, exclude: Collection[str] = ()) -> None:
        """Clean every field that is loaded, and put the clean values in place.

        Args:
            exclude: Names of fields to leave as they are.

        Raises:
            ModelValidationError: Fields were refused; all of them are named.
        """
        self._cleaner.clean(self, exclude)

    def full_clean(self, exclude: Collection[str] = ()) -> None:
        """Clean the fields, then call ``clean()``; uniqueness is left to the database, which alone can tell.

        Args:
            exclude: Names of fields to leave as they are.

        Raises:
            ModelValidationError: All fields that were refused, or what ``clean()`` found, by field (a 422).
        """
        kind = type(self)
        # Every save comes by here, and calls that do nothing of an author's cost more than what they do.
        if not exclude and kind.clean_fields is Model.clean_fields:
            kind._cleaner.function(self)
        else:
            self.clean_fields(exclude)
        if kind.clean is not Model.clean:
            self.clean()


class AbstractModel(Model):
    """A model without a table, whose fields and ``Meta`` those that extend it inherit.

    A class that names it as its base is abstract; the classes below that one are not. ``Meta.abstract`` states either
    for any model.
    """

    _makes_abstract: ClassVar[bool] = True

    class Meta:
        """Nothing of it is stored."""

        abstract = True


def _root_of(record: Model) -> type:
    """Give the model that has the table: the parent of a proxy, else the model."""
    return record._meta.pk.model or type(record)
