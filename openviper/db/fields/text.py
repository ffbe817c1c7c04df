"""Fields that hold text, or what is written as text: slugs, addresses, UUIDs."""

import re
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Unpack, cast, overload
from uuid import UUID, uuid4

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyOptions, Choosable, E, Field, FieldKind, FieldOptions, V, shorten
from openviper.db.fields.fits import Fit

__all__ = [
    "CharField",
    "LimitedOptions",
    "SlugField",
    "TextField",
    "UUIDField",
]


# PostgreSQL's limit for VARCHAR; what is longer is a text.
_LONGEST_CHAR: Final = 10_485_760

_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")
_UUID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class LimitedOptions(FieldOptions[V], total=False):
    """What a text or bytes take."""

    max_length: int


class UUIDOptions(FieldOptions[V], total=False):
    """What a UUID takes."""

    auto: bool


class _TextBase(Field[V]):
    """What all texts have in common."""

    value_type: ClassVar[type] = str

    def coerce(self, value: object) -> object:
        """Take a text; one of a subclass, such as a member of an enum, becomes a plain one.

        Raises:
            FieldValueError: It is no text, or holds what cannot be stored in one.
        """
        if type(value) is not str:
            plain = value.value if isinstance(value, Enum) else value
            if not isinstance(plain, str):
                raise FieldValueError(f"{shorten(value)} is of type {type(value).__name__}, not a text.")
            value = str.__str__(plain)
        # PostgreSQL stores no NUL, and no driver can encode half of a surrogate pair.
        if "\0" in value:
            raise FieldValueError("Null characters are not allowed.")
        if not value.isascii():
            _refuse_surrogates(value)
        return value

    def check(self, value: str) -> None:
        """Look at the length.

        Raises:
            FieldValueError: It is empty where it must not be, or too long.
        """
        if not value:
            if not self.blank:
                raise FieldValueError("This field cannot be blank.")
            return
        if self.max_length is not None and len(value) > self.max_length:
            raise FieldValueError(f"This text has {len(value)} characters, at most {self.max_length} are allowed.")
        self.check_form(value)

    def check_form(self, text: str) -> None:
        """Look at what a text that is not empty says.

        Raises:
            FieldValueError: It has not the form of the field.
        """

    def state_fit(self) -> Fit | None:
        """Say that an ASCII text without NUL passes, if its length is right; others are looked at more closely."""
        return Fit(f"type({{v}}) is str and {self._fit_length()}{{v}}.isascii() and '\\0' not in {{v}}")

    def _fit_length(self) -> str:
        least = "" if self.blank else "0 < "
        if self.max_length is not None:
            return f"{least}len({{v}}) <= {self.max_length} and "
        return "" if self.blank else "{v} and "


class CharField(_TextBase[V]):
    """A text of limited length.

    Args:
        max_length: Most characters (code points), from 1 to 10,485,760; None means what is usual for the class, 255.
        options: As for every field.
    """

    kind = FieldKind.CHAR
    #: The ``max_length`` of a field that states none.
    usual_length: ClassVar[int] = 255

    @overload
    def __init__(
        self: "CharField[E]", *, null: Literal[False] = ..., choices: type[E], **options: Unpack[LimitedOptions[E]]
    ) -> None: ...
    @overload
    def __init__(
        self: "CharField[E | None]",
        *,
        null: Literal[True],
        choices: type[E],
        **options: Unpack[LimitedOptions[E | None]],
    ) -> None: ...
    @overload
    def __init__(
        self: "CharField[str]",
        *,
        null: Literal[False] = ...,
        choices: Choosable[str] = ...,
        **options: Unpack[LimitedOptions[str]],
    ) -> None: ...
    @overload
    def __init__(
        self: "CharField[str | None]",
        *,
        null: Literal[True],
        choices: Choosable[str] = ...,
        **options: Unpack[LimitedOptions[str | None]],
    ) -> None: ...
    def __init__(self, *, max_length: int | None = None, **options: Unpack[AnyOptions]) -> None:
        max_length = self.usual_length if max_length is None else max_length
        if type(max_length) is not int or not 1 <= max_length <= _LONGEST_CHAR:
            raise ModelDefinitionError(
                f"{type(self).__name__} has max_length={max_length!r}; write a whole number from 1 to {_LONGEST_CHAR}"
            )
        self.max_length = max_length
        super().__init__(**options)
        self._check_choices_fit()

    def _check_choices_fit(self) -> None:
        for value, _ in self.choices.pairs if self.choices else ():
            if isinstance(value, str) and len(value) > cast("int", self.max_length):
                raise ModelDefinitionError(
                    f"{type(self).__name__} has the choice {value!r}, which is longer than max_length={self.max_length}"
                )


class TextField(_TextBase[V]):
    """A text of any length.

    Args:
        max_length: Most characters; None means as many as the engine stores. It is validated, the column has no limit.
        options: As for every field.
    """

    kind = FieldKind.TEXT

    @overload
    def __init__(
        self: "TextField[E]", *, null: Literal[False] = ..., choices: type[E], **options: Unpack[LimitedOptions[E]]
    ) -> None: ...
    @overload
    def __init__(
        self: "TextField[E | None]",
        *,
        null: Literal[True],
        choices: type[E],
        **options: Unpack[LimitedOptions[E | None]],
    ) -> None: ...
    @overload
    def __init__(
        self: "TextField[str]",
        *,
        null: Literal[False] = ...,
        choices: Choosable[str] = ...,
        **options: Unpack[LimitedOptions[str]],
    ) -> None: ...
    @overload
    def __init__(
        self: "TextField[str | None]",
        *,
        null: Literal[True],
        choices: Choosable[str] = ...,
        **options: Unpack[LimitedOptions[str | None]],
    ) -> None: ...
    def __init__(self, *, max_length: int | None = None, **options: Unpack[AnyOptions]) -> None:
        self.max_length = max_length
        super().__init__(**options)


class SlugField(CharField[V]):
    """A text of ASCII letters, digits, ``-`` and ``_``, as it stands in a URL."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "SlugField[str]", *, null: Literal[False] = ..., **options: Unpack[LimitedOptions[str]]
        ) -> None: ...
        @overload
        def __init__(
            self: "SlugField[str | None]", *, null: Literal[True], **options: Unpack[LimitedOptions[str | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def check_form(self, text: str) -> None:
        """Look at the characters.

        Raises:
            FieldValueError: There is another one.
        """
        if not _SLUG.fullmatch(text):
            raise FieldValueError(f"{shorten(text)} is no slug: write letters, digits, '-' and '_' of ASCII.")

    def state_fit(self) -> Fit | None:
        """Say that a slug passes, if its length is right."""
        text = f"type({{v}}) is str and len({{v}}) <= {self.max_length} and _is_slug({{v}})"
        return Fit(text, {"_is_slug": _SLUG.fullmatch})


class UUIDField(Field[V]):
    """A UUID.

    Args:
        auto: Whether an instance made without one gets a random one (version 4).
        options: As for every field.
    """

    kind = FieldKind.UUID
    value_type: ClassVar[type] = UUID
    takes_choices: ClassVar[bool] = False

    @overload
    def __init__(
        self: "UUIDField[UUID]", *, null: Literal[False] = ..., **options: Unpack[UUIDOptions[UUID]]
    ) -> None: ...
    @overload
    def __init__(
        self: "UUIDField[UUID | None]", *, null: Literal[True], **options: Unpack[UUIDOptions[UUID | None]]
    ) -> None: ...
    def __init__(self, *, auto: bool = False, **options: Unpack[AnyOptions]) -> None:
        if auto:
            options.setdefault("default", uuid4)
        super().__init__(**options)

    def coerce(self, value: object) -> object:
        """Take a UUID, or its 32 digits as text with or without hyphens.

        Raises:
            FieldValueError: It is neither.
        """
        if isinstance(value, UUID):
            return value
        if isinstance(value, str) and _UUID.fullmatch(value):
            return UUID(value)
        raise FieldValueError(f"{shorten(value)} is no UUID.")

    def state_fit(self) -> Fit | None:
        """Say that a UUID passes."""
        return Fit("type({v}) is _UUID", {"_UUID": UUID})


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FieldValueError(f"Character {error.start + 1} is half of a pair, which no encoding carries.") from error
