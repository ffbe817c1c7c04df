"""BaseSettings: the root of every settings class."""

import dataclasses
import functools
import os
import sys
from collections.abc import Mapping
from typing import Any, Final, dataclass_transform

from openviper.conf.annotations import (
    class_variable_type,
    declared_types,
    fit,
    infer,
    is_setting_name,
    own_annotations,
)
from openviper.conf.exceptions import UnknownSettingError
from openviper.conf.masking import mask
from openviper.conf.spelling import closest
from openviper.exceptions import SettingsValidationError

__all__ = ["BaseSettings", "class_default", "setting_types"]


# Where a dataclass pass writes down how it was called.
_PARAMETERS: Final = "__dataclass_params__"


class _ReadOnly:
    """What makes instances immutable; above BaseSettings, since a dataclass pass refuses a class that has it itself."""

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"settings are read-only: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"settings are read-only: {name} cannot be deleted")


class _Frozen:
    """What a dataclass pass leaves on a class, and frozen or not as the next pass asks.

    A pass refuses ``@dataclass`` above frozen classes and ``@dataclass(frozen=True)`` above others. A decorator says
    nothing about settings classes, whose instances are immutable through ``_ReadOnly``, so both are let through.
    """

    def __init__(self, parameters: object) -> None:
        self._parameters = parameters

    def __getattr__(self, name: str) -> object:
        return getattr(self._parameters, name)

    @property
    def frozen(self) -> bool:
        # The pass compares this with a variable of that name, and tells nobody beforehand what it is.
        return bool(sys._getframe(1).f_locals.get("frozen", True))  # noqa: SLF001 - there is no public way


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
@dataclasses.dataclass(frozen=True, init=False, repr=False, eq=False)
class BaseSettings(_ReadOnly):  # noqa: PLW1641 - some values are dicts, so there is no hash to agree with equality
    """Root of settings classes; every subclass is a frozen dataclass, with or without a decorator.

    A subclass states its settings as upper-case names. An annotation is optional: a name that a parent has keeps
    the parent's type, any other takes the type of its value. Lists, dicts and sets may stand in the class body;
    every instance gets its own copy. A name with an annotation and no value must get one from elsewhere. ``ClassVar``
    around a type changes nothing.

    Instances take values as keyword arguments. Upper-case names that no class declares are kept as well, since
    apps bring settings of their own.

    Raises:
        SettingsValidationError: A setting has no value; all of them are named.
        TypeError: A keyword is neither a field nor an upper-case name; or, at the definition of a subclass, an
            upper-case name is a property or a method.
    """

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        for base in cls.__mro__[1:]:
            if issubclass(base, BaseSettings) and type(vars(base)[_PARAMETERS]) is not _Frozen:
                setattr(base, _PARAMETERS, _Frozen(vars(base)[_PARAMETERS]))
        if "__dataclass_fields__" in vars(cls):
            return  # dataclass(slots=True) builds its class anew, from one that has been here
        _adopt_mixins(cls)
        factories = _declare_fields(cls)
        dataclasses.dataclass(frozen=True, init=False, repr=False, eq=False, match_args=False, kw_only=True)(cls)
        # A second dataclass pass refuses a class that has these two; the ones above do the same.
        type.__delattr__(cls, "__setattr__")
        type.__delattr__(cls, "__delattr__")
        # The pass takes factories off the class, where a second one looks for them; the methods it leaves alone.
        methods = {"__init__": cls.__init__, "__repr__": cls.__repr__, "__eq__": cls.__eq__}
        for name, value in {**factories, **methods}.items():
            setattr(cls, name, value)

    def __init__(self, **values: object) -> None:
        types = declared_types(type(self))
        missing: list[str] = []
        for field in dataclasses.fields(self):
            if field.name in values:
                value = values.pop(field.name)
            elif field.default is not dataclasses.MISSING:
                value = field.default
            elif field.default_factory is not dataclasses.MISSING:
                value = field.default_factory()
            else:
                missing.append(field.name)
                continue
            object.__setattr__(self, field.name, _shape(value, types[field.name]))
        if missing:
            raise SettingsValidationError(
                f"{name} has no value; give it one in the settings or as OPENVIPER_{name}" for name in missing
            )
        for name, value in values.items():
            if not is_setting_name(name):
                raise TypeError(f"{type(self).__name__} has no field {name!r}, and settings are upper case")
            object.__setattr__(self, name, _shape(value, object))
        self.__post_init__()

    def __getitem__(self, name: str) -> object:
        """Give the value of a setting.

        Raises:
            UnknownSettingError: There is no such setting (an AttributeError and a KeyError).
        """
        values = self.as_dict(mask_sensitive=False)
        if name not in values:
            raise UnknownSettingError(name, suggestion=closest(name, values))
        return values[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseSettings) or type(other) is not type(self):
            return NotImplemented
        return self.as_dict(mask_sensitive=False) == other.as_dict(mask_sensitive=False)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).__qualname__}({values})"

    def as_dict(self, mask_sensitive: bool = True) -> dict[str, object]:
        """Give every setting and its value, in the order of declaration.

        Args:
            mask_sensitive: Whether secrets are replaced by ``***``: keys, passwords, tokens, credentials of
                databases, caches and mail, and passwords inside URLs. An empty value is shown as it is.
        """
        names = dict.fromkeys([*(field.name for field in dataclasses.fields(self)), *vars(self)])
        values = {name: getattr(self, name) for name in names}
        return {name: mask(name, value) for name, value in values.items()} if mask_sensitive else values

    def field_types(self) -> dict[str, object]:
        """Give the type of every setting: its annotation, or the type of its value where it has none."""
        own = {field.name for field in dataclasses.fields(self)}
        return setting_types(type(self), {name: value for name, value in vars(self).items() if name not in own})

    def __post_init__(self) -> None:
        """Do nothing; called when every value is set, so that a subclass may check them together."""


def class_default(cls: type[BaseSettings], name: str) -> object:
    """Give the value that instances of a class have under a name when they are given none; None without one."""
    field = cls.__dataclass_fields__.get(name)
    if field is None:
        return None
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else _private_copy(field.default)


def setting_types(cls: type[BaseSettings], extra: Mapping[str, object]) -> dict[str, object]:
    """Give the type of every setting of a class, and of values that stand beside it.

    Args:
        cls: The settings class.
        extra: Values of names that the class may not have.

    Returns:
        The annotation of each name; without one, the type of its value, and ``object`` if that says nothing.
    """
    declared = declared_types(cls)
    values = {field.name: class_default(cls, field.name) for field in dataclasses.fields(cls)} | dict(extra)
    types = {name: declared.get(name, object) for name in values}
    return {name: infer(values[name]) if kind is object else kind for name, kind in types.items()}


# What stands for a list, dict or set in a class body: hashable, as dataclasses ask of a default, and else the same.
_SHARED: Final = {
    kind: type(f"Shared{kind.__name__}", (kind,), {"__hash__": object.__hash__}) for kind in (dict, list, set)
}
_COMPUTED: Final = (property, functools.cached_property, classmethod, staticmethod)


def _adopt_mixins(cls: type[BaseSettings]) -> None:
    """Copy to a class what it takes from bases that are no settings classes, since dataclasses pass those over."""
    for mixin in cls.__mro__[1:-1]:
        if issubclass(mixin, BaseSettings):
            continue
        for name, value in vars(mixin).items():
            owner = next(base for base in cls.__mro__ if name in vars(base))
            if owner is mixin and is_setting_name(name):
                setattr(cls, name, value)


def _declare_fields(cls: type[BaseSettings]) -> dict[str, dataclasses.Field[Any]]:
    """Annotate every setting in a class body and make its value one that a dataclass accepts.

    Returns:
        The fields that were written with ``field(default_factory=...)``.
    """
    annotations = own_annotations(cls)
    inherited = {name: field.type for name, field in cls.__dataclass_fields__.items()}
    factories: dict[str, dataclasses.Field[Any]] = {}
    module = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    for name in filter(is_setting_name, annotations):
        # What linters advise for a dict in a class body; to a dataclass such a name is no field.
        if (inner := class_variable_type(annotations[name], module)) is not None:
            annotations[name] = inherited.get(name, inner)
    for name, value in list(vars(cls).items()):
        if isinstance(value, dataclasses.Field) and value.default_factory is not dataclasses.MISSING:
            factories[name] = value
        if not is_setting_name(name):
            continue
        if isinstance(value, _COMPUTED):
            raise TypeError(
                f"{cls.__qualname__}.{name} is a {type(value).__name__}, and a setting is a plain value; "
                f"work it out in the class body ({name} = ...), or give what is no setting a name in lower case"
            )
        annotations.setdefault(name, inherited.get(name, object))
        # Exact types only: a subclass such as defaultdict would lose what makes it one.
        if type(value) in _SHARED:
            setattr(cls, name, _SHARED[type(value)](value))
    cls.__annotations__ = annotations
    return factories


def _shape(value: object, annotation: object) -> object:
    """Bring a value into the shape of its field, with containers of its own."""
    value = _private_copy(value)
    return fit(value, annotation) if isinstance(value, list | tuple | os.PathLike) else value


def _private_copy(value: object) -> object:
    """Copy plain containers, at any depth; what stands in them is shared."""
    kind = type(value)
    if isinstance(value, dict) and kind in (dict, _SHARED[dict]):
        return {key: _private_copy(item) for key, item in value.items()}
    if isinstance(value, list) and kind in (list, _SHARED[list]):
        return [_private_copy(item) for item in value]
    if isinstance(value, set) and kind in (set, _SHARED[set]):
        return set(value)
    return tuple(map(_private_copy, value)) if isinstance(value, tuple) and kind is tuple else value
