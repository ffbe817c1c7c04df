"""How values of one column are stored: the type of the column, and the way of a value to the driver and back.

Both ways are expressions as text. They are pasted into the functions that are generated once a query, so that no
value pays for a call, a look-up of its type or a test that could have been made before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Final

from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.fields.related import ForeignKey

__all__ = ["Conversion", "Family", "Storage", "StorageForm", "storage_of"]


class Family(StrEnum):
    """What an engine takes a column for: which operators it has, and which of SQLAlchemy's types it resembles."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TEXT = "text"
    BINARY = "binary"
    UUID = "uuid"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    JSON = "json"
    ARRAY = "array"


@dataclass(frozen=True, slots=True)
class Conversion:
    """An expression that makes one value of another.

    Args:
        template: Python with ``{v}`` in the place of the value, which is never None; it may stand there twice.
        names: What the expression needs besides builtins. A name means the same thing in every conversion, so those
            of several may be put into one namespace.
    """

    template: str
    names: Mapping[str, object] = field(default_factory=dict)

    def write(self, value: str, *, null: bool = False) -> str:
        """Give the expression for one value.

        Args:
            value: An expression that is cheap and has no effect, best a local name.
            null: Whether the value may be None, which stays None.
        """
        text = self.template.replace("{v}", value)
        return f"(None if {value} is None else {text})" if null else text

    def after(self, first: "Conversion | None") -> "Conversion":
        """Give the conversion that does another one first."""
        if first is None:
            return self
        return Conversion(self.template.replace("{v}", f"({first.template})"), {**first.names, **self.names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the storage of a column is decided by: kind and parameters of its field, and nothing else.

    Args:
        kind: What it holds.
        null: Whether it may hold NULL.
        max_length: Most characters or bytes.
        max_digits: Most digits of a decimal.
        decimal_places: How many of them stand behind the point.
        item: What each item of a list is.
        members: The enum whose members instances hold.
    """

    kind: FieldKind
    null: bool = False
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    item: "Storage | None" = None
    members: type[Enum] | None = None

    @property
    def digits(self) -> tuple[int, int]:
        """Digits altogether and behind the point, of a decimal."""
        return self.max_digits or 0, self.decimal_places or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageForm:
    """How an engine stores the values of a column.

    Args:
        column_type: The type as it stands in DDL, such as ``VARCHAR(255)``.
        family: What the engine takes it for.
        bind: From what a field's ``clean()`` gives to what the driver takes; None means unchanged.
        read: From what the driver gives to what an instance holds; None means unchanged.
        cast_type: The type that a parameter is cast to, where that is not ``column_type``: a cast to a type with a
            length or with digits would cut and round in silence.
        collation: How texts are compared, where the engine's usual way would take different texts for equal ones.
        scale: The engine computes with the value times ``10 ** scale``.
        is_ordered: Whether the engine puts the stored values into the order of the values.
        is_comparable: Whether they may stand in comparisons, keys and indexes at all.
        is_computable: Whether the engine can add them up.
        is_nullable: Whether the column has to take NULL even if the field does not.
    """

    column_type: str
    family: Family
    bind: Conversion | None = None
    read: Conversion | None = None
    cast_type: str | None = None
    collation: str | None = None
    scale: int = 0
    is_ordered: bool = True
    is_comparable: bool = True
    is_computable: bool = True
    is_nullable: bool = False

    @property
    def parameter_type(self) -> str:
        """The type that a parameter is cast to, for ``$1::type`` and ``$1::type[]``."""
        return self.cast_type or self.column_type

    def with_members(self, members: type[Enum]) -> "StorageForm":
        """Give the form for instances that hold members of an enum."""
        plain = _PLAIN_TEXT if issubclass(members, str) else _PLAIN_NUMBER
        # The number keeps two enums of one name apart, and stands for this one as long as the mapping holds it.
        name = f"_members_{id(members):x}"
        # A row may be older than the enum: what is no member any more is read as what it is.
        member = Conversion(f"{name}.get({{v}}, {{v}})", {name: {one.value: one for one in members}})
        return replace(self, bind=self.bind.after(plain) if self.bind else plain, read=member.after(self.read))


# Drivers write what str() says of a member, or refuse it.
_PLAIN_TEXT: Final = Conversion("_plain_text({v})", {"_plain_text": str.__str__})
_PLAIN_NUMBER: Final = Conversion("int({v})")


def storage_of(column: AnyField) -> Storage:
    """Give what the storage of a field is decided by; a reference is stored as the key that it points at.

    Args:
        column: A field of a model, or the items of one.

    Raises:
        ModelReferenceError: It refers to a model that does not exist.
    """
    source = column.storage if isinstance(column, ForeignKey) else column
    return Storage(
        kind=source.kind,
        null=column.null,
        max_length=source.max_length,
        max_digits=source.max_digits,
        decimal_places=source.decimal_places,
        item=None if source.base_field is None else storage_of(source.base_field),
        members=None if source.choices is None else source.choices.enum,
    )
