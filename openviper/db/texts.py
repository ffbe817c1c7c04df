"""How instances are written: for people who look for a fault, where a field that was not read must not be another."""

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from openviper.db.exceptions import NotLoadedError

if TYPE_CHECKING:
    from openviper.db.registry import AnyModel, AnyRecord

__all__ = ["describe", "make_texts_safe"]

_TEXTS: Final = ("__repr__", "__str__")


def describe(record: "AnyRecord", missing: str = "") -> str:
    """Write an instance by its model and its key, which are always known.

    Args:
        record: The instance.
        missing: What else would have been written, had it been read.
    """
    key = vars(record).get(record._meta.pk.attname)
    note = f" ({missing} is not loaded)" if missing else ""
    return f"<{type(record).__name__} {'(not saved)' if key is None else key}{note}>"


def make_texts_safe(model: "AnyModel", treated: type) -> None:
    """Let the texts that the author of a model wrote do without fields that were not read.

    They are asked for by logs, by tracebacks and by messages of other errors, where one more error hides the first.

    Args:
        model: Just made; its own methods are replaced, and those that it has of classes that are no models.
        treated: The class of models, whose methods have been seen to before.
    """
    for name in _TEXTS:
        holder = next(base for base in model.__mro__ if name in vars(base))
        method = vars(holder)[name]
        if isinstance(method, FunctionType) and (holder is model or not isinstance(holder, treated)):
            setattr(model, name, _make_safe(method))


def _make_safe(method: Callable[[Any], str]) -> Callable[[Any], str]:
    @wraps(method)
    def write(record: "AnyRecord") -> str:
        try:
            return method(record)
        except NotLoadedError as error:
            is_own = error.label == record._meta.label
            return describe(record, error.field if is_own else f"{error.label}.{error.field}")

    return write
