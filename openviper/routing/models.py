"""Values that pydantic validates, read as JSON wherever they stand, and what is said of those that it refuses.

pydantic is loaded by the project, which has a model of it, and never by us. It collects every fault before it says
anything: three million wrong items of a body of ten megabytes would be 1.4 GB and two seconds in which nothing else
runs. Large bodies are therefore read by a copy of the validator that stops at the first fault of each collection.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from threading import local
from typing import Annotated, Any, Final, Protocol, cast

import msgspec

from openviper.routing.faults import MOST_FAULTS, Fault, FaultType, Step, describe_fault
from openviper.routing.kinds import is_pydantic

__all__ = ["ModelReader", "is_fault", "is_pydantic_error", "iter_model_faults", "uses_models"]

# Bytes from which on a body could hold more faults than anybody should wait for.
_LARGE: Final = 64 * 1024
# Faults that are still written out one by one, which takes 2 us for each, to take the first hundred.
_MOST_FOUND: Final = 1000
_NAMES: Final[Mapping[str, FaultType]] = {"missing": "missing", "extra_forbidden": "unknown"}

_COLLECTIONS: Final = ("list", "set", "frozenset", "tuple")
# Kinds of keys that JSON has as text, strict or not.
_FROM_TEXT: Final = ("int", "float", "decimal", "uuid", "date", "datetime", "time", "timedelta")
# Parts of a description of pydantic's that are values of a project, and hold no descriptions.
_OPAQUE: Final = frozenset({"cls", "config", "default", "expected", "function", "members", "metadata", "serialization"})


class ModelReader:
    """Reads one type that pydantic knows; made once, since it takes as long as thousands of values.

    Args:
        kind: A model, or a collection or union with one in it.
        rules: What holds for the value as a whole, by the names of ``params.RULES``.

    Raises:
        TypeError: pydantic cannot make sense of the type.
    """

    def __init__(self, kind: object, rules: Mapping[str, object] | None = None) -> None:
        pydantic = sys.modules["pydantic"]
        if rules:
            kind = Annotated[cast("Any", kind), pydantic.Field(**rules)]
        try:
            adapter = pydantic.TypeAdapter(kind)
        except pydantic.PydanticUserError as error:
            raise TypeError(str(error).partition("\n")[0]) from error
        self._validate: Callable[[bytes], object] = adapter.validate_json
        self._schema: object = adapter.core_schema
        self._bounded: Callable[[bytes], object] | None = None

    def decode(self, body: bytes | memoryview) -> object:
        """Read a JSON text.

        Raises:
            ValueError: It does not fit, or is no JSON.
        """
        text = bytes(body)
        # RFC 8259 does not know these words, and pydantic reads them all the same.
        if b"NaN" in text or b"Infinity" in text:
            msgspec.json.decode(text)  # the words may stand in a text
        return self._validate(text) if len(text) <= _LARGE else self._decode_bounded(text)

    def make(self, value: object) -> object:
        """Make the value of what a JSON text held; as from text, since a strict model takes a date from nothing else.

        Raises:
            ValueError: It does not fit.
        """
        return self.decode(msgspec.json.encode(value))

    def explain(self, body: bytes | memoryview, error: ValueError) -> list[Fault]:
        """Give the entries for what ``decode`` refused a text with."""
        if is_pydantic_error(error) and _count(error) > _MOST_FOUND:
            try:
                self._decode_bounded(bytes(body))
            except ValueError as shorter:
                error = shorter
        if is_pydantic_error(error):
            return iter_model_faults(error)
        return [describe_fault("body", (), "invalid", str(error))]

    def _decode_bounded(self, text: bytes) -> object:
        if self._bounded is None:
            self._bounded = _make_bounded(self._schema, self._validate)
        return self._bounded(text)


def is_pydantic_error(error: BaseException) -> bool:
    """Tell whether it is pydantic that refused a value; the package itself is not asked for."""
    return type(error).__module__.partition(".")[0] == "pydantic_core"


def is_fault(error: BaseException) -> bool:
    """Tell whether a value did not fit, as opposed to a text that is no JSON."""
    if not is_pydantic_error(error):
        return not isinstance(error, msgspec.DecodeError)
    found = cast("_ModelError", error)
    if found.error_count() > 1:
        return True
    told = found.errors(include_url=False, include_context=False, include_input=False)
    return bool(told[0]["type"] != "json_invalid")


def iter_model_faults(error: ValueError, path: Sequence[Step] = (), *, source: str = "body") -> list[Fault]:
    """Give the entries for what pydantic found."""
    count = _count(error)
    if count > _MOST_FOUND:
        return [describe_fault(source, path, "invalid", f"{count} values do not fit, too many to name them.")]
    found = cast("_ModelError", error).errors(include_url=False, include_context=False, include_input=False)
    return [
        describe_fault(source, (*path, *one["loc"]), _NAMES.get(one["type"], "invalid"), f"{one['msg']}.")
        for one in found[:MOST_FAULTS]
    ]


def uses_models(kind: object) -> bool:
    """Tell whether pydantic has to read a type: it is a model, or holds one in its brackets."""
    arguments: tuple[object, ...] = getattr(kind, "__args__", ())
    return is_pydantic(kind) or any(map(uses_models, arguments))


class _ModelError(Protocol):
    """What an error of pydantic has."""

    def error_count(self) -> int: ...

    def errors(
        self, *, include_url: bool, include_context: bool, include_input: bool
    ) -> Sequence[Mapping[str, Any]]: ...


def _count(error: ValueError) -> int:
    return cast("_ModelError", error).error_count()


class _EnoughError(Exception):
    """Ends a validation; no ValueError, which pydantic would collect like any other."""


class _Entries(local):
    """Counts the entries of objects that were begun and those that were good, to end a validation of too many others.

    An object has no option to stop at its first fault. What runs after a key and after a value changes neither; what
    runs before gets a Python object in place of JSON, which only the keys bear that are read from text anyway. Each
    thread counts for itself, as the faults of a large body are looked for in another one.
    """

    def __init__(self) -> None:
        self._bad = 0
        #: Whether a model refuses fields that it does not know.
        self.forbids = False

    def begin(self, key: object) -> object:
        """Note that a key has been read."""
        self._bad += 1
        if self._bad > _MOST_FOUND:
            raise _EnoughError
        return key

    def end(self, value: object) -> object:
        """Note that the value of a key was good."""
        self._bad -= 1
        return value

    def refuse(self, value: object) -> object:
        """Refuse a field that a model does not know, as the model would."""
        self.begin(value)
        raise sys.modules["pydantic_core"].PydanticKnownError("extra_forbidden")

    def guard(self, validate: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """Count anew for each text."""

        def decode(text: bytes) -> object:
            self._bad = 0
            try:
                return validate(text)
            except _EnoughError:
                raise ValueError(f"More than {_MOST_FOUND} entries of an object do not fit.") from None

        return decode


def _make_bounded(schema: object, validate: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Make the validator that stops early; the usual one where a version of pydantic makes none."""
    core, entries = sys.modules["pydantic_core"], _Entries()
    bounded = _bound(schema, entries, forbids=False)
    try:
        # Else it would take the validators of the models, which collect everything, in place of what is described.
        validator = core.SchemaValidator(bounded, _use_prebuilt=False)
    except TypeError:
        try:
            validator = core.SchemaValidator(bounded)  # before 2.11 there was no such shortcut
        except (TypeError, core.SchemaError):
            return validate
    except core.SchemaError:
        return validate
    guarded = entries.guard(validator.validate_json)

    def validate_twice(text: bytes) -> object:
        guarded(text)
        # The other one takes further fields, so that it can count them, and a model of it remembers that.
        return validate(text)

    return validate_twice if entries.forbids else guarded


def _bound(schema: object, entries: _Entries, *, forbids: bool) -> object:
    if isinstance(schema, list | tuple):
        return type(schema)(_bound(one, entries, forbids=forbids) for one in schema)
    if not isinstance(schema, dict):
        return schema
    kind, config = schema.get("type"), schema.get("config")
    if kind in ("model", "typed-dict"):
        forbids = isinstance(config, dict) and config.get("extra_fields_behavior") == "forbid"
    found: dict[str, Any] = {
        key: value if key in _OPAQUE else _bound(value, entries, forbids=forbids) for key, value in schema.items()
    }
    if kind in _COLLECTIONS:
        found["fail_fast"] = True
    elif kind == "dict":
        keys = found.get("keys_schema", {"type": "any"})
        if keys.get("type") in _FROM_TEXT:
            found["keys_schema"] = _noting("function-before", entries.begin, keys | {"strict": False})
        else:
            found["keys_schema"] = _noting("function-after", entries.begin, keys)
        found["values_schema"] = _noting("function-after", entries.end, found.get("values_schema", {"type": "any"}))
    elif kind in ("model-fields", "typed-dict") and schema.get("extra_behavior", forbids and "forbid") == "forbid":
        entries.forbids = True
        refusing = {"type": "function-plain", "function": {"type": "no-info", "function": entries.refuse}}
        found |= {"extra_behavior": "allow", "extras_schema": refusing}
    return found


def _noting(kind: str, note: Callable[[object], object], schema: object) -> dict[str, object]:
    return {"type": kind, "function": {"type": "no-info", "function": note}, "schema": schema}
