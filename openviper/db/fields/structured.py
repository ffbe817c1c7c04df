"""Fields that hold more than one thing: JSON, bytes, lists."""

import re
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar, Unpack, cast, overload

from orjson import OPT_PASSTHROUGH_DATETIME

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyField, AnyOptions, Field, FieldKind, FieldOptions, V, shorten
from openviper.db.fields.fits import Fit
from openviper.db.fields.text import LimitedOptions
from openviper.primitives.json import decode, dumps

__all__ = ["ArrayField", "ArrayOptions", "BinaryField", "JSONField"]

T = TypeVar("T")

#: Bytes of JSON text that a field takes if it states no other number.
MOST_JSON: Final = 1_048_576

# Nobody reads more of them, and a list may hold a million wrong items.
_MOST_FAULTS: Final = 20
# An escaped NUL whose backslash is not itself escaped.
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class ArrayOptions(FieldOptions[V], total=False):
    """What a list takes."""

    size: int | None


class JSONField(Field[Any]):
    """What JSON can carry: dicts with text keys, lists, texts, numbers, bools and None.

    Anything that would come back as something else is refused: tuples, dates, NaN, whole numbers over 64 bits. None is
    stored as NULL, and needs ``null=True``.

    Args:
        max_size: Most bytes of the JSON text; None means 1 MiB.
        options: As for every field.
    """

    kind = FieldKind.JSON
    takes_choices: ClassVar[bool] = False

    def __init__(self, *, max_size: int | None = None, **options: Unpack[AnyOptions]) -> None:
        self.max_size = MOST_JSON if max_size is None else max_size
        super().__init__(**options)

    def coerce(self, value: object) -> object:
        """Take a value that JSON carries unchanged; it stays the same object.

        Raises:
            FieldValueError: It does not survive JSON, is too large, or holds a NUL, which PostgreSQL refuses.
        """
        try:
            # Dates are refused anyway, and a zone that raises would end the process within the encoder.
            text = dumps(value, None, OPT_PASSTHROUGH_DATETIME)
        except TypeError as error:
            raise FieldValueError(f"JSON cannot carry this value: {error}.") from error
        if len(text) > self.max_size:
            raise FieldValueError(f"This value takes {len(text)} bytes of JSON, at most {self.max_size} are allowed.")
        if b"\\u0000" in text and _ESCAPED_NUL.search(text):
            raise FieldValueError("Null characters are not allowed.")
        # The encoder writes NaN as null, and a date or a UUID as text; whoever reads the row would get these.
        if decode(text) != value:
            raise FieldValueError(
                "JSON would give this value back as another one; "
                "make lists of tuples and texts of dates and identifiers, and leave out NaN."
            )
        return value


class BinaryField(Field[V]):
    """Bytes.

    Args:
        max_length: Most bytes; None means as many as the engine stores.
        options: As for every field.
    """

    kind = FieldKind.BINARY
    value_type: ClassVar[type] = bytes
    takes_choices: ClassVar[bool] = False

    @overload
    def __init__(
        self: "BinaryField[bytes]", *, null: Literal[False] = ..., **options: Unpack[LimitedOptions[bytes]]
    ) -> None: ...
    @overload
    def __init__(
        self: "BinaryField[bytes | None]", *, null: Literal[True], **options: Unpack[LimitedOptions[bytes | None]]
    ) -> None: ...
    def __init__(self, *, max_length: int | None = None, **options: Unpack[AnyOptions]) -> None:
        self.max_length = max_length
        super().__init__(**options)

    def coerce(self, value: object) -> object:
        """Take bytes, or what holds them: a bytearray, a memoryview.

        Raises:
            FieldValueError: It is something else; a text has no bytes before it is encoded.
        """
        if type(value) is bytes:
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        raise FieldValueError(f"{shorten(value)} is of type {type(value).__name__}, not bytes.")

    def check(self, value: bytes) -> None:
        """Look at the length.

        Raises:
            FieldValueError: There are too many bytes.
        """
        length = len(value)
        if self.max_length is not None and length > self.max_length:
            raise FieldValueError(f"This value has {length} bytes, at most {self.max_length} are allowed.")

    def state_fit(self) -> Fit | None:
        """Say that bytes pass, if there are not too many."""
        return Fit("type({v}) is bytes" + ("" if self.max_length is None else f" and len({{v}}) <= {self.max_length}"))


class ArrayField(Field[V], Generic[V]):
    """A list of values of one field; a native array on PostgreSQL, JSON elsewhere.

    Args:
        base_field: What each item is; it may have ``null=True``, and refers to no other model.
        size: Most items; None means any number.
        options: As for every field.
    """

    kind = FieldKind.ARRAY
    value_type: ClassVar[type] = list
    takes_choices: ClassVar[bool] = False

    @overload
    def __init__(
        self: "ArrayField[list[T]]",
        base_field: Field[T],
        *,
        null: Literal[False] = ...,
        **options: Unpack[ArrayOptions[list[T]]],
    ) -> None: ...
    @overload
    def __init__(
        self: "ArrayField[list[T] | None]",
        base_field: Field[T],
        *,
        null: Literal[True],
        **options: Unpack[ArrayOptions[list[T] | None]],
    ) -> None: ...
    def __init__(self, base_field: AnyField, *, size: int | None = None, **options: Unpack[AnyOptions]) -> None:
        given: object = base_field  # what callers without a type checker pass
        is_fit = isinstance(given, Field) and not isinstance(given, ArrayField | JSONField)
        if not is_fit or hasattr(base_field, "to") or base_field.primary_key or base_field.has_default:
            raise ModelDefinitionError(
                f"ArrayField has the items {base_field!r}; write a field without a key or default that is no list, "
                "JSON or reference, such as ArrayField(IntegerField())"
            )
        self.base_field = base_field
        self.size = size
        super().__init__(**options)

    def coerce(self, value: object) -> object:
        """Take a list or tuple of what the items can be made of.

        Raises:
            FieldValueError: It is none, has too many items, or some are refused; the first twenty of them are named.
        """
        if not isinstance(value, list | tuple):
            raise FieldValueError(f"{shorten(value)} is of type {type(value).__name__}, not a list.")
        if self.size is not None and len(value) > self.size:
            raise FieldValueError(f"This list has {len(value)} items, at most {self.size} are allowed.")
        items: list[object] = []
        faults: list[str] = []
        clean = cast("AnyField", self.base_field).clean
        for position, item in enumerate(value, start=1):
            try:
                items.append(clean(item))
            except FieldValueError as error:
                faults += [f"Item {position}: {message}" for message in error.messages]
                if len(faults) >= _MOST_FAULTS:
                    break
        if faults:
            raise FieldValueError(*faults)
        return items
