"""Cleaning the fields of instances: a function written for each model, and the loop that it stands for.

The function tests each value inline by the fit of its field, and calls the field where the fit does not hold. It is
written when a model is first cleaned, as the fit of a reference is that of a key that another model has.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Final, Protocol, TypeAlias, cast

from openviper.db.constructor import store_of
from openviper.db.exceptions import FieldValueError, ModelReferenceError, ModelValidationError
from openviper.db.fields.base import AnyField, Field
from openviper.db.fields.fits import Fit
from openviper.db.options import Options
from openviper.db.registry import registry

__all__ = ["Change", "Cleaner"]

#: The attributes of an instance, the one that was changed, its value before, and the one that was put in place.
Change: TypeAlias = tuple[dict[str, object], str, object, object]
#: Groups of fields that functions are kept for; programs that write ever other fields are none of ours.
_MOST_GROUPS: Final = 100
#: Field name to what is wrong with it; None as long as nothing is.
_Errors: TypeAlias = dict[str, list[str]] | None


class _Record(Protocol):
    """What an instance has, whatever its model."""

    pk: object
    __dict__: dict[str, object]


class Cleaner:
    """What cleans the fields of a model's instances.

    Args:
        options: Of the model.
    """

    __slots__ = ("_clean", "_options", "_some", "_version")

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clean: Callable[..., None] | None = None
        # Functions for some fields only.
        self._some: dict[tuple[AnyField, ...], Callable[..., None]] = {}
        self._version = -1

    def clean(self, record: _Record, exclude: Collection[str] = ()) -> None:
        """Clean every field that is loaded, and put the clean values in place.

        Args:
            record: An instance of the model.
            exclude: Names of fields to leave as they are.

        Raises:
            ModelValidationError: Fields were refused; all of them are named.
        """
        if exclude:
            _clean_loaded(self._options.fields, record, exclude)
        else:
            self.function(record)

    def noting(self, changes: list[Change], fields: Collection[AnyField] | None = None) -> Callable[[_Record], None]:
        """Give what cleans one instance of many and notes what it changes, so that all of it can be undone.

        Args:
            changes: Gets what was changed, in order; most instances add nothing.
            fields: Which ones are cleaned; None means all.
        """
        if fields is None:
            return partial(self.function, changes=changes)
        return partial(self._function_for(tuple(fields)), changes=changes)

    @property
    def function(self) -> Callable[..., None]:
        """What cleans all fields of one instance that are loaded; good as long as no model is made or forgotten.

        It raises a ModelValidationError. Besides the instance it takes ``changes``, see ``noting()``.
        """
        if self._clean is None or self._version != registry.version:
            self._clean = _write_cleaner(self._options.label, self._options.fields)
            self._some = {}
            self._version = registry.version
        return self._clean

    def _function_for(self, fields: tuple[AnyField, ...]) -> Callable[..., None]:
        _ = self.function  # which forgets what is old
        found = self._some.get(fields)
        if found is None:
            if len(self._some) >= _MOST_GROUPS:
                self._some.clear()
            found = self._some[fields] = _write_cleaner(self._options.label, fields)
        return found


def _write_cleaner(label: str, fields: Sequence[AnyField]) -> Callable[..., None]:
    """Write the function for fields of a model; only names that ``metaclass`` has checked reach it."""
    names: dict[str, object] = {"_mend": _mend, "_Error": ModelValidationError, "_fields": fields}
    names["_clean_loaded"] = _clean_loaded
    lines: list[str] = []
    for place, field in enumerate(fields):
        condition = _write_condition(field, f"v{place}", names)
        names[f"_field_{place}"] = field
        lines += [f"    if {condition}:", f"        errors = _mend(_field_{place}, record, errors, changes)"]
    loads = "; ".join(f"v{place} = values[{field.attname!r}]" for place, field in enumerate(fields)) or "pass"
    source = [
        "def clean(record, changes=None):",
        "    values = record.__dict__",
        "    try:",
        f"        {loads}",
        "    except KeyError:",  # fields that were not read
        "        return _clean_loaded(_fields, record, changes=changes)",
        "    errors = None",
        *lines,
        "    if errors is not None:",
        "        raise _Error(errors)",
    ]
    code = compile("\n".join(source), f"<cleaner of {label}>", "exec")
    exec(code, names)  # noqa: S102 - only checked names and names of ours are in it
    return cast("Callable[..., None]", names["clean"])


def _write_condition(field: AnyField, value: str, names: dict[str, object]) -> str:
    """Give the condition under which the field has to look at its value."""
    fit = _fit_of(field)
    if fit is None:
        skips_none = field.takes_none and field.related is None and type(field).clean is Field.clean
        return f"{value} is not None" if skips_none else "True"
    names |= fit.names
    condition = f"not {fit.write(value, null=field.takes_none)}"
    if field.related is None:
        return condition
    # An instance that was assigned may have got its key since, or lost it.
    store = f"record.{store_of(field.name)}"
    return f"{condition} or {store} is not None and ({value} is None or {store}[0] != {value} or {store}[1].pk is None)"


def _fit_of(field: AnyField) -> Fit | None:
    try:
        return field.fit()
    except ModelReferenceError:
        return None  # a row without a value for it can be cleaned all the same


def _clean_loaded(
    fields: Iterable[AnyField], record: _Record, exclude: Collection[str] = (), *, changes: list[Change] | None = None
) -> None:
    errors: _Errors = None
    for field in fields:
        if field.attname in record.__dict__ and field.name not in exclude:
            errors = _mend(field, record, errors, changes)
    if errors is not None:
        raise ModelValidationError(errors)


def _mend(field: AnyField, record: _Record, errors: _Errors, changes: list[Change] | None) -> _Errors:
    """Put a clean value in the place of one, or say what is wrong with it."""
    values, name = record.__dict__, field.attname
    before = values[name]
    try:
        if field.related is not None:
            _follow(record, field.name)
        clean = field.clean(values[name])
        if clean is not before and changes is not None:
            changes.append((values, name, before, clean))
        values[name] = clean
    except FieldValueError as error:
        errors = errors or {}
        errors[field.name] = error.messages
    return errors


def _follow(record: _Record, name: str) -> None:
    """Take the key of an instance that has been saved since it was assigned.

    Raises:
        FieldValueError: It still is not, so that nothing could refer to it.
    """
    if getattr(record, store_of(name)) is None:
        return
    found = getattr(record, name)
    if found is not None and found.pk is None:
        raise FieldValueError(f"This {type(found).__name__} is not saved yet, so it has no key to refer to.")
