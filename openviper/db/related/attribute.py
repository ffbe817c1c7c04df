"""What an instance has by the name of a relation that is no field of its own."""

from openviper.db.constructor import store_of
from openviper.db.registry import AnyRecord
from openviper.db.related.many import ManyRelatedManager
from openviper.db.related.one import RelatedOne, make_missing
from openviper.db.related.referring import LooseRelatedManager, RelatedManager

__all__ = ["related_to"]


def related_to(record: AnyRecord, name: str) -> object:
    """Give what an instance has by the name of a relation backwards, or of a many-to-many.

    That is a ``RelatedManager``, or a ``ManyRelatedManager``; or through a one-to-one the instance that was prefetched,
    or else a ``RelatedOne``.

    Args:
        record: The instance.
        name: The name, a key of ``Options.reverse`` or of ``Options.many``.

    Raises:
        DoesNotExist: It was prefetched, and no row refers to the instance through the one-to-one; it is an
            AttributeError too.
    """
    referring = record._meta.reverse.get(name)
    if referring is None:
        return ManyRelatedManager(record, record._meta.many[name])
    model, relation = referring
    if not relation.is_single:
        kind = LooseRelatedManager if model._meta.by_name[relation.name].null else RelatedManager
        return kind(record, name, model, relation.name)
    store = store_of(name)
    known = vars(record)
    if store not in known:
        return RelatedOne(record, name, model, relation.name)
    if known[store] is None:
        raise make_missing(record, model)
    return known[store]
