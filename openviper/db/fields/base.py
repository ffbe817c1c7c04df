"""Field: one column of a model, as data; every concrete field stands on it.

A field describes. It holds no value of any row, talks to no database and knows no engine: how a value is stored is
decided from its kind and its parameters by the dialects.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum, StrEnum
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    overload,
)

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.choices import Choices, check_choice, fit_choices, read_choices
from openviper.db.fields.fits import Fit, is_stated_below
from openviper.db.fields.named import Named
from openviper.db.fields.relation import Relation
from openviper.primitives.unset import UNSET

__all__ = [
    "AnyField",
    "AnyOptions",
    "Choosable",
    "Field",
    "FieldKind",
    "FieldOptions",
    "SharedOptions",
    "Validator",
    "shorten",
]

V = TypeVar("V")
E = TypeVar("E", bound=Enum)
#: What ``choices`` takes besides an enum: values with labels, or values.
Choosable: TypeAlias = Iterable[tuple[V, str]] | Iterable[V]
Validator: TypeAlias = Callable[[V], object]

# What a field gets from its model.
_GIVEN: Final = frozenset({"attname", "column", "model", "name", "owner", "related"})
# A value comes back in its own message, and a client may have sent any amount of it.
_MOST_CHARACTERS: Final = 100


class FieldKind(StrEnum):
    """What a column holds; with the field's parameters it decides the storage on every engine."""

    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CHAR = "char"
    TEXT = "text"
    UUID = "uuid"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    JSON = "json"
    BINARY = "binary"
    ARRAY = "array"
    IP = "ip"


class SharedOptions(TypedDict, Generic[V], total=False):
    """What every field takes besides its default."""

    primary_key: bool
    blank: bool
    unique: bool
    db_index: bool
    db_column: str | None
    db_default: "V | _Computed"
    help_text: str
    verbose_name: str | None
    editable: bool
    auto_increment: bool
    validators: Sequence[Validator[V]]


class FieldOptions(SharedOptions[V], total=False):
    """What every field takes; ``null`` and ``choices``, which change its type, stand beside it."""

    default: V | Callable[[], V]


class AnyOptions(TypedDict, total=False):
    """What every field takes, with values of any type."""

    primary_key: bool
    null: bool
    blank: bool
    unique: bool
    db_index: bool
    default: object
    db_default: object
    db_column: str | None
    choices: object
    help_text: str
    verbose_name: str | None
    editable: bool
    auto_increment: bool
    # Contravariant, so that functions of any one type fit.
    validators: Sequence[Callable[..., object]]


class _Computed(Protocol):
    """An expression of a query, which stands above fields; an attribute may be set to one until it is saved."""

    def asc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> object: ...

    def desc(self, *, nulls_first: bool = False, nulls_last: bool = False) -> object: ...


class Field(Named, Generic[V]):
    """One column: its name, what it may hold, and what a value has to be.

    On an instance of a model a field is a plain attribute with the value; on the class it is gone too, and stands in
    ``Model._meta``. Type checkers see the type of the value through ``__get__`` and ``__set__``, which do not exist
    at run time.

    Args:
        primary_key: Whether this is the key of the table; there is one at most, and it is never null.
        null: Whether None may be stored.
        blank: Whether an empty text passes validation; it says nothing about None.
        unique: Whether the database refuses a second row with the same value.
        db_index: Whether the column gets an index of its own.
        default: The value of an instance that is made without one, or what gives it when called.
        db_default: What the database stores where an instance has nothing, and gives back: a value, or an expression
            such as ``Now()``. The attribute is not there before the instance is saved.
        db_column: Name of the column; None means the name of the attribute.
        choices: The values that are allowed: an enum, pairs of value and label, or plain values.
        help_text: What people should know about it.
        verbose_name: Its name for people; None means the attribute's name with spaces.
        editable: Whether forms show it.
        auto_increment: Whether the engine makes the value; for whole numbers that are the primary key.
        validators: Called with a clean value each; a FieldValueError refuses it.

    Raises:
        ModelDefinitionError: The options contradict each other.
    """

    #: What instances hold, in Python.
    value_type: ClassVar[type] = object
    #: Whether ``choices`` make sense for values of this type.
    takes_choices: ClassVar[bool] = True
    #: Whether the database may make their values.
    takes_db_default: ClassVar[bool] = True

    # What storage is decided by, together with the class; a reference takes them from the key that it points at.
    kind: FieldKind
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    base_field: "AnyField | None" = None
    size: int | None = None

    # Set by the metaclass, when the field is given to its model.
    attname: str = ""
    column: str = ""
    model: type | None = None
    #: Where a reference leads; None for every other field.
    related: Relation | None = None

    def __init__(self, **options: Unpack[AnyOptions]) -> None:
        self.primary_key = options.get("primary_key", False)
        self.null = options.get("null", False)
        self.blank = options.get("blank", False)
        self.unique = options.get("unique", False) or self.primary_key
        self.db_index = options.get("db_index", False)
        self.default: object = options.get("default", UNSET)
        self.db_default: object = options.get("db_default", UNSET)
        self.db_column = options.get("db_column")
        self.help_text = options.get("help_text", "")
        self.verbose_name = options.get("verbose_name")
        self.editable = options.get("editable", True)
        self.auto = options.get("auto_increment", False)
        self.validators: tuple[Callable[..., object], ...] = tuple(options.get("validators", ()))
        given = options.get("choices")
        self.choices: Choices | None = None
        self._check_options(options)
        if given is not None:
            self.choices = self._read_choices(given)

    @property
    def has_default(self) -> bool:
        """Whether an instance that is made without a value gets one."""
        return self.default is not UNSET

    @property
    def has_db_default(self) -> bool:
        """Whether the database has a value for rows that come without one."""
        return self.db_default is not UNSET

    @property
    def takes_none(self) -> bool:
        """Whether ``clean()`` lets None pass; a key that the engine makes is not there before the row is."""
        return self.null or self.auto

    def make_default(self) -> object:
        """Give the value of an instance that is made without one: the default, or None."""
        if self.default is UNSET:
            return None
        return self.default() if callable(self.default) else self.default

    def attach(self, name: str, *, owner: str) -> None:
        """Give the field its name; the metaclass does it, once.

        Args:
            name: The attribute of the model.
            owner: Label of the model.
        """
        self.name = self.attname = name
        self.owner = owner
        self.column = self.db_column or name

    def clean(self, value: object) -> V:
        """Make what an instance holds of a value, or refuse it.

        Args:
            value: Anything: of the right type, or what stands for it in JSON and in forms.

        Raises:
            FieldValueError: It is null where it must not be, of a wrong type, out of range, not among the choices, or
                a validator refuses it.
        """
        if value is None:
            if self.takes_none:
                return cast("V", None)
            raise FieldValueError("This field cannot be null.")
        fit: V = self.coerce(value)  # of any type: a cast for the checker alone would be a tenth of the cost
        self.check(fit)
        if self.choices is not None:
            fit = check_choice(self.choices, fit)
        for validate in self.validators:
            validate(fit)
        return fit

    def coerce(self, value: object) -> Any:
        """Turn a value that is not None into the type of the field.

        Raises:
            FieldValueError: It does not stand for one.
        """
        raise NotImplementedError

    def check(self, value: Any) -> None:
        """Look at a value of the right type: its length, its range.

        Raises:
            FieldValueError: It is not acceptable.
        """

    def fit(self) -> Fit | None:
        """Give the condition under which ``clean()`` gives a value other than None back as it is.

        None if there is no such condition that costs less than to clean.

        Raises:
            ModelReferenceError: It refers to a model that does not exist.
        """
        if self.validators or type(self).clean is not Field.clean:
            return None
        known = self.fit_value()
        if known is None or self.choices is None:
            return known
        return fit_choices(self.choices, self.clean)

    def fit_value(self) -> Fit | None:
        """Give the condition under which ``coerce()`` and ``check()`` let a value pass as it is.

        This is what lookups ask; choices, validators and None are left out. None if there is no such condition.

        Raises:
            ModelReferenceError: It refers to a model that does not exist.
        """
        return self.state_fit() if is_stated_below(type(self), "state_fit", ("coerce", "check", "check_form")) else None

    def state_fit(self) -> Fit | None:
        """Say what ``fit_value()`` gives; void for a class that overrides ``coerce()`` or ``check()`` but not this."""
        return None

    @property
    def prepares(self) -> bool:
        """Whether ``pre_save()`` may give something else than what the instance holds."""
        return type(self).pre_save is not Field.pre_save

    def pre_save(self, value: object, *, is_new: bool) -> object:
        """Give what is to be stored, just before it is; most fields store what the instance holds.

        Args:
            value: What the instance holds.
            is_new: Whether a row is inserted.
        """
        return value

    def copy(self) -> Self:
        """Give a field of the same options without a model, for a class that inherits it."""
        twin = object.__new__(type(self))
        vars(twin).update({name: value for name, value in vars(self).items() if name not in _GIVEN})
        return twin

    def _check_options(self, options: AnyOptions) -> None:
        kind = type(self).__name__
        unknown = options.keys() - AnyOptions.__annotations__.keys()
        if unknown:
            names = ", ".join(sorted(AnyOptions.__annotations__))
            raise ModelDefinitionError(f"{kind} has no option {min(unknown)!r}; all fields have {names}")
        if self.primary_key and self.null:
            raise ModelDefinitionError(f"{kind} is the primary key and null; a key always has a value")
        if self.auto and not self.primary_key:
            raise ModelDefinitionError(f"{kind} has auto_increment=True; only a primary key can have it")
        if self.has_db_default and (
            self.primary_key or not self.takes_db_default or callable(self.db_default) or self.prepares
        ):
            raise ModelDefinitionError(
                f"{kind} has the db_default {self.db_default!r}; a field that is no key and does not set itself takes "
                "a value or an expression there, and default= what Python calls"
            )
        if isinstance(self.default, list | dict | set | bytearray):
            raise ModelDefinitionError(
                f"{kind} has the default {self.default!r}, which all instances would share; "
                f"write default={type(self.default).__name__}, or a function that makes a new one"
            )

    def _read_choices(self, given: object) -> Choices:
        if not self.takes_choices:
            raise ModelDefinitionError(f"{type(self).__name__} takes no choices; use validators")
        return read_choices(given, value_type=self.value_type)

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Self: ...
        @overload
        def __get__(self, instance: object, owner: type) -> V: ...
        def __get__(self, instance: object, owner: type) -> object: ...
        def __set__(self, instance: object, value: "V | _Computed") -> None: ...


#: A field whatever its values are; setting makes the type invariant, so that object would fit none.
AnyField: TypeAlias = Field[Any]


def shorten(value: object) -> str:
    """Write a value for a message."""
    try:
        written = repr(value)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        # A number of too many digits, a list of too many levels, or what a class of the user's own gets wrong.
        return f"a {type(value).__name__}"
    return written if len(written) <= _MOST_CHARACTERS else f"{written[:_MOST_CHARACTERS]}..."
