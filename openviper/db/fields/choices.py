"""The values that a field allows, and the enum that most of them are written as."""

from collections.abc import Callable, Iterable
from enum import Enum, Flag, StrEnum
from typing import Any, Final, NamedTuple, Self

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.fits import Fit

__all__ = ["Choices", "TextChoice", "check_choice", "fit_choices", "read_choices"]

# A list of countries is named in full by nobody.
_MOST_NAMED: Final = 12


class TextChoice(StrEnum):
    """Texts to choose from, each with a label for people.

    ``DRAFT = "draft"`` has the label "Draft"; ``DRAFT = "draft", "Not published"`` states it.
    """

    label: str

    def __new__(cls, value: str, label: str | None = None) -> Self:
        """Make a member of its value and, if its name is not what people read, its label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or ""
        return member

    def __init__(self, value: str, label: str | None = None) -> None:
        self.label = label or self.name.replace("_", " ").capitalize()

    @classmethod
    def pairs(cls) -> list[tuple[str, str]]:
        """Give values and labels in order, as forms show them."""
        return [(member.value, member.label) for member in cls]


class Choices(NamedTuple):
    """What ``choices=`` says.

    Args:
        pairs: Values and labels in order.
        members: Value to what an instance holds: the member of the enum, or the value itself without one.
        enum: The enum, if one was given.
    """

    pairs: tuple[tuple[object, str], ...]
    members: dict[object, object]
    enum: type[Enum] | None


def read_choices(given: object, *, value_type: type) -> Choices:
    """Read an enum, pairs of value and label, or plain values.

    Args:
        given: What the field was declared with.
        value_type: What the field holds; members of an enum must be of it, so that drivers take them as they are.

    Raises:
        ModelDefinitionError: It is none of these, or has no values.
    """
    if isinstance(given, type) and issubclass(given, Enum):
        if not issubclass(given, value_type):
            raise ModelDefinitionError(
                f"choices={given.__name__} has members that are no {value_type.__name__}; "
                f"write class {given.__name__}({value_type.__name__}, Enum)"
            )
        pairs = tuple((member.value, _label_of(member)) for member in given)
        members: dict[object, object] = {member.value: member for member in given}
        return _filled(Choices(pairs, members, given))
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ModelDefinitionError(f"choices={given!r} is no enum and no list; write [('value', 'Label'), ...]")
    pairs = tuple(one if _is_pair(one) else (one, str(one)) for one in given)
    return _filled(Choices(pairs, {value: value for value, _ in pairs}, None))


def check_choice(choices: Choices, value: object) -> Any:
    """Give what an instance holds for a value.

    Raises:
        FieldValueError: The value is not among the choices.
    """
    try:
        return choices.members[value]
    except KeyError:
        named = [repr(one) for one, _ in choices.pairs[:_MOST_NAMED]]
        more = "" if len(choices.pairs) <= _MOST_NAMED else f" and {len(choices.pairs) - _MOST_NAMED} more"
        raise FieldValueError(f"{value!r} is none of the choices: {', '.join(named)}{more}.") from None


def fit_choices(choices: Choices, clean: Callable[[object], object]) -> Fit | None:
    """Give the condition under which a value is one of the choices, as an instance holds it.

    Args:
        choices: Of the field.
        clean: The field's own; choices that it refuses, such as an empty text that is not to be blank, fit nothing.
    """
    held = frozenset(one for one in choices.members.values() if _passes(one, clean))
    if not held:
        return None
    enum = choices.enum
    if enum is None:
        kind, text = type(next(iter(held))), "type({v}) is _choice_%s and {v} in _choices_%s"
        if any(type(one) is not kind for one in held):
            return None
    elif len(held) == len(choices.members) and not _makes_members(enum):
        kind, text = enum, "type({v}) is _choice_%s"
    else:
        return None
    mark = f"{id(choices.members):x}"
    names = {f"_choice_{mark}": kind, f"_choices_{mark}": held, f"_choices_of_{mark}": choices.members}
    return Fit(text.replace("%s", mark), names)


def _passes(value: object, clean: Callable[[object], object]) -> bool:
    try:
        return clean(value) is value
    except FieldValueError:
        return False


def _makes_members(enum: type[Enum]) -> bool:
    """Tell whether an object of an enum's class may be none of its members: a combination, or one that it made up."""
    return issubclass(enum, Flag) or any("_missing_" in vars(base) for base in enum.__mro__ if base is not Enum)


def _filled(choices: Choices) -> Choices:
    if not choices.pairs:
        raise ModelDefinitionError("choices are empty, so that no value could ever be stored")
    return choices


def _is_pair(one: object) -> bool:
    return isinstance(one, tuple | list) and len(one) == 2 and isinstance(one[1], str)


def _label_of(member: Enum) -> str:
    return str(getattr(member, "label", None) or member.name.replace("_", " ").capitalize())
