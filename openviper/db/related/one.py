"""The one row that refers to an instance through a one-to-one: ``author.profile``."""

from collections.abc import Generator
from functools import lru_cache
from typing import Generic, Never, TypeVar

from openviper.db.constructor import store_of
from openviper.db.exceptions import DoesNotExist, NotLoadedError
from openviper.db.query.reading import Touched
from openviper.db.queryset.late import work
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.related.referring import RelatedManager

__all__ = ["RelatedOne", "make_missing"]

M = TypeVar("M")


class RelatedOne(Generic[M]):
    """The one row that refers to an instance, before it is read: ``await author.profile`` gives its instance.

    Args:
        record: The instance.
        name: What its model calls that row.
        model: Of that row.
        field: The field of its model that refers.
    """

    __slots__ = ("_field", "_model", "_name", "_record")

    def __init__(self, record: AnyRecord, name: str, model: AnyModel, field: str) -> None:
        self._record = record
        self._name = name
        self._model = model
        self._field = field

    def __repr__(self) -> str:
        return f"<{self._name} of {self._record!r}, not read yet>"

    def __await__(self) -> Generator[object, None, M]:
        """Read the instance, which is then an attribute of the one that it refers to.

        Raises:
            DoesNotExist: There is none.
            ValueError: The instance that it would refer to has no key yet.
        """
        return self._read().__await__()

    def __getattr__(self, name: str) -> Never:
        # Protocols (copying, pickling, awaiting) are asked for by name, and a plain no is the answer.
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise NotLoadedError(
            self._record._meta.label,
            self._name,
            remedy=f"await it, or read it along by select_related({self._name!r}) or prefetch_related({self._name!r})",
        )

    async def _read(self) -> M:
        record = self._record
        manager: RelatedManager[M] = RelatedManager(record, self._name, self._model, self._field)
        base = self._model.objects.get_queryset()
        found: M | None = await work.read_single(Touched(record, self._name, base), manager.get_queryset())
        if found is None:
            raise make_missing(record, self._model)
        # Both know each other from now on, so that neither asks for the other again.
        setattr(found, store_of(self._field), (record.pk, record))
        setattr(record, store_of(self._name), found)
        return found


def make_missing(record: AnyRecord, model: AnyModel) -> Exception:
    """Make the error of a row that is not there; it is an AttributeError too.

    Args:
        record: The instance that no row refers to.
        model: Of the row.
    """
    return _missing_kind(model.DoesNotExist)(f"no {model._meta.label} refers to this {record._meta.label}")


@lru_cache(maxsize=1000)
def _missing_kind(kind: type[DoesNotExist]) -> type[DoesNotExist]:
    """Make the error of an attribute that is not there: ``hasattr()`` and ``getattr(..., None)`` know it as one."""
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind, AttributeError), names)
