"""Loading: fill an instance whose fields were not read, in place, so that everybody who has it has them."""

from openviper.db.constructor import is_loaded
from openviper.db.executor import read_one
from openviper.db.query.description import Lookup, Query
from openviper.db.registry import AnyRecord

__all__ = ["load"]


async def load(record: AnyRecord) -> None:
    """Read the row of an instance and fill in what is missing; what has been assigned to it since is kept.

    Several tasks may do so at once: the first that has the row fills the instance, and the others leave it alone.

    Args:
        record: An instance that knows its key. Its row is read from the database that it came from, or that the one
            which refers to it came from.

    Raises:
        DoesNotExist: There is no such row; it is the error of the model.
    """
    options, origin = record._meta, record._origin
    key = options.pk.attname
    # A reference leads to one row at most, so nothing is said of order and limit.
    query = Query(options.model, where=(Lookup(key, 0),), order=())
    found: AnyRecord = await read_one(query, (record.pk,), None if origin is None else origin.alias)
    if is_loaded(record):
        return
    if found is None:
        raise options.model.DoesNotExist(f"there is no {options.label} with the key that is referred to")
    changed = set(record.changed_fields())
    for field in options.fields:
        if field.name not in changed:
            setattr(record, field.attname, getattr(found, field.attname))
    record._row, record._origin = found._row, found._origin
