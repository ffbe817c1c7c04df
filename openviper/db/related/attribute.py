"""What an instance has by the name of a relation that is no field of its own."""

from inspect import getattr_static

from openviper.db.constructor import store_of
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.related.many import ManyRelatedManager
from openviper.db.related.one import RelatedOne, make_missing
from openviper.db.related.referring import LooseRelatedManager, RelatedManager

__all__ = ["ReverseAttribute", "give_reverse", "related_to"]


class ReverseAttribute:
    """The attribute of a relation that another model declares: what ``related_to()`` gives; it is never assigned.

    Args:
        name: What the model calls the rows of the other side.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, record: AnyRecord | None, owner: type | None = None) -> object:
        if record is None:
            raise AttributeError(self._name)  # on the class there is nothing, as for every relation backwards
        return related_to(record, self._name)

    def __set__(self, record: AnyRecord, value: object) -> None:
        way = record._meta.way_to_relate(self._name)
        if way is None:  # the other model is gone, as after a test
            record.__dict__[self._name] = value
            return
        raise TypeError(f"{record._meta.label}.{self._name} is not assigned, as {way}")


def give_reverse(model: AnyModel) -> None:
    """Give a model the attributes of the relations that others have declared to it.

    Args:
        model: A model that is complete; again for one that others have come to refer to.
    """
    options = model._meta
    for name in (*options.reverse, *options.many):
        if getattr_static(model, name, None) is None:
            setattr(model, name, ReverseAttribute(name))


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
        AttributeError: There is no relation of the name, or not any more.
    """
    referring = record._meta.reverse.get(name)
    if referring is None:
        if name not in record._meta.many:
            raise AttributeError(name)
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
