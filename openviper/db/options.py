"""Options: what the class body of a model and its ``Meta`` say, checked and frozen."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, TypeAlias

from openviper.db.constraints import Index, UniqueConstraint
from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields.base import AnyField
from openviper.db.fields.many import AnyMany
from openviper.db.fields.relation import ManyRelation, Relation
from openviper.db.meta import Constraint, Meta
from openviper.db.registry import AnyModel, registry

__all__ = ["RESERVED_NAMES", "Many", "Options", "Reverse"]

#: Names that belong to every model, those of the query layer included; no field and no relation may take them.
RESERVED_NAMES: Final = frozenset(
    {"DoesNotExist", "MultipleObjectsReturned", "delete", "objects", "pk", "refresh_from_db", "save"}
)

#: What refers to a model: by its name there, the model that refers and the relation.
Reverse: TypeAlias = Mapping[str, tuple[AnyModel, Relation]]

#: The many-to-many relations that a model takes part in, by what it calls the rows of the other side.
Many: TypeAlias = Mapping[str, ManyRelation]


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """What is known of a model; it never changes once the class is made.

    Args:
        label: ``"blog.Post"``.
        model: The class.
        table: Name of the table; that of the parent for a proxy, empty for an abstract model.
        fields: The fields with a column, in order.
        many_fields: The many-to-many fields, which have no column, in order.
        pk: The primary key; an abstract model may have none yet.
        by_name: Field by its name, by its attribute (``author_id``) and by ``"pk"``.
        stated: What ``Meta`` says, the words of abstract parents included.
        ordering: Names of fields, ``"-name"`` for descending order.
        indexes: Indexes of ``indexes`` and ``index_together``, with their names; those of single fields are theirs.
        constraints: Checks and unique constraints, with their names.
        unique_together: Groups of field names.
        database: Alias of the database that the model lives in; None means that the routers decide.
        managed: Whether migrations make and change the table.
        read_only: Whether writing is refused.
        abstract: Whether it only hands its fields down.
        proxy: Whether it shares the table of its parent.
        auto_created: The model whose many-to-many field made this one; None for every other.
        verbose_name: Name of one row for people.
        verbose_name_plural: Name of many.
    """

    label: str
    model: AnyModel
    _: KW_ONLY
    table: str
    fields: tuple[AnyField, ...]
    pk: AnyField
    by_name: Mapping[str, AnyField]
    stated: Meta
    many_fields: tuple[AnyMany, ...] = ()
    ordering: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    database: str | None = None
    managed: bool = True
    read_only: bool = False
    abstract: bool = False
    proxy: bool = False
    auto_created: AnyModel | None = None
    verbose_name: str = ""
    verbose_name_plural: str = ""
    # The relations that lead here, with the version of the registry that they were looked up in; in lists, as nothing
    # else of this can change.
    _reverse: list[tuple[int, Reverse]] = field(default_factory=list, init=False)
    _many: list[tuple[int, Many]] = field(default_factory=list, init=False)

    def __repr__(self) -> str:
        return f"<Options of {self.label}>"

    @property
    def app(self) -> str:
        """Label of the app."""
        return self.label.partition(".")[0]

    @property
    def name(self) -> str:
        """Name of the class."""
        return self.label.partition(".")[2]

    @property
    def relations(self) -> tuple[AnyField, ...]:
        """The fields that refer to another model, in order."""
        return tuple(one for one in self.fields if one.related is not None)

    @property
    def reverse(self) -> Reverse:
        """What refers to this model: its name here to the model that refers and the relation.

        Raises:
            ModelDefinitionError: Two of them have one name, or the name of something that the model has.
        """
        if not self._reverse or self._reverse[0][0] != registry.version:
            self._reverse[:] = [(registry.version, self._find_reverse())]
        return self._reverse[0][1]

    @property
    def many(self) -> Many:
        """The many-to-many relations, declared here or there, by what this model calls the rows of the other side.

        Raises:
            ModelDefinitionError: Two of them have one name, or the name of something that the model has.
        """
        if not self._many or self._many[0][0] != registry.version:
            self._many[:] = [(registry.version, self._find_many())]
        return self._many[0][1]

    def way_to_relate(self, name: str) -> str | None:
        """Tell how rows come into a relation that has no column here; None where the model has none of the name.

        Args:
            name: Of a relation backwards, or of one of many to many.
        """
        if name in self.many:
            return f"its pairs are rows of a table; store the instance, and write: await instance.{name}.set([...])"
        if name not in self.reverse:
            return None
        model, relation = self.reverse[name]
        other = model._meta
        if relation.is_single:
            return f"it is the {other.name} that refers here; set {relation.name} of that one, and save it"
        return (
            f"they are the rows of {other.name} that refer here; store the instance, and write: "
            f"await instance.{name}.set([...]), or set {relation.name} of each, and save them"
        )

    def check_names(self) -> None:
        """Refuse what ``Meta`` says of fields that do not exist.

        Raises:
            ModelDefinitionError: The message names the place and lists the fields that exist.
        """
        groups: dict[str, Iterable[str]] = {"ordering": [name for name in self.ordering if name != "?"]}
        groups |= {"unique_together": [name for group in self.unique_together for name in group]}
        groups |= {f"index {one.name}": one.fields for one in self.indexes}
        groups |= {
            f"constraint {one.name}": one.fields for one in self.constraints if isinstance(one, UniqueConstraint)
        }
        for place, names in groups.items():
            for name in names:
                if name.removeprefix("-") not in self.by_name:
                    known = ", ".join(one.name for one in self.fields)
                    raise ModelDefinitionError(
                        f"{place} of {self.label} names {name!r}, which is no field; there are {known}"
                    )

    def _find_reverse(self) -> Reverse:
        # What refers to the parent of a proxy refers to its rows.
        parent: AnyModel | None = self.pk.model if self.proxy else None
        found: dict[str, tuple[AnyModel, Relation]] = {} if parent is None else dict(parent._meta.reverse)
        for reference in registry.references_to(self.label):
            model = registry.find(reference.own_label)
            if model is None:
                continue
            options: Options = vars(model)["_meta"]
            relation = next(
                (one.related for one in options.relations if one.related and one.related.reference is reference), None
            )
            # A many-to-many field refers too, and has no rows that do.
            name = None if relation is None else relation.related_name
            if relation is None or name is None:
                continue
            other = found[name][1].reference.referrer if name in found else self._holder_of(name)
            if other:
                raise ModelDefinitionError(
                    f"{reference.referrer} is called {name!r} by {self.label}, and so is {other}; "
                    "give it another related_name, or '+' for none"
                )
            found[name] = (model, relation)
        return found

    def _find_many(self) -> Many:
        parent: AnyModel | None = self.pk.model if self.proxy else None
        found: dict[str, ManyRelation] = {} if parent is None else dict(parent._meta.many)
        if parent is None:
            found = {one.name: ManyRelation(one.name, one, self.model, True) for one in self.many_fields}
        for reference in registry.references_to(self.label):
            model = registry.find(reference.own_label)
            many: tuple[AnyMany, ...] = () if model is None else vars(model)["_meta"].many_fields
            for one in many:
                name = one.related.related_name
                if model is None or name is None or one.related.reference is not reference:
                    continue
                other = self._taker_of(name, found)
                if other:
                    raise ModelDefinitionError(
                        f"{reference.referrer} is called {name!r} by {self.label}, and so is {other}; "
                        "give it another related_name, or '+' for none"
                    )
                found[name] = ManyRelation(name, one, model, False)
        return found

    def _taker_of(self, name: str, many: Many) -> str:
        if name in many:
            return many[name].field.path
        return self.reverse[name][1].reference.referrer if name in self.reverse else self._holder_of(name)

    def _holder_of(self, name: str) -> str:
        if name in self.by_name:
            return self.by_name[name].path
        return f"{self.label}.{name}" if name in RESERVED_NAMES or hasattr(self.model, name) else ""
