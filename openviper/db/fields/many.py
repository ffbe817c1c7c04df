"""ManyToManyField: a relation of many rows to many others, which the rows of a third model hold."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Never, Protocol, Self, TypeAlias, TypeVar, overload

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.fields.named import Named
from openviper.db.fields.related import ForeignKey, refuse_other_classes
from openviper.db.fields.relation import HIDDEN, Ends, Relation
from openviper.db.registry import AnyModel, AnyRecord, Reference, registry

__all__ = ["AnyMany", "ManyToManyField"]

R = TypeVar("R")
S = TypeVar("S")
R_co = TypeVar("R_co", covariant=True)
S_co = TypeVar("S_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)

_SELF: Final = "self"
# What a field gets from its model.
_GIVEN: Final = frozenset({"_ends", "_through", "model", "name", "owner", "related"})


class _Related(Protocol[R_co, S_co]):
    """What a model tells type checkers: the manager of many of its rows, and itself; nothing has it at run time."""

    def _as_related(self) -> tuple[R_co, S_co]: ...


class ManyToManyField(Named, Generic[T_co]):
    """Many rows of another model, each of which may belong to many of this one.

    ``tags = ManyToManyField(Tag)`` has no column. Each pair is a row of a third model, ``Post.tags.through``, which is
    made along with the field: its table is ``<table>_<field>``, its fields are named after the two models, and both
    cascade. An instance has a manager of the other rows by the name, ``post.tags``, and so do they, ``tag.post_set``.

    A type checker cannot see through a name, so a reference by one is annotated:
    ``tags: ManyToManyField["Tag"] = ManyToManyField("blog.Tag")``.

    Args:
        to: The model itself, ``"app.Model"``, ``"Model"`` of the same app, a dotted path, or ``"self"``.
        through: The through model, where one is written for the pairs: the class or a name of it, as for ``to``. It
            has a foreign key to each side, and may have more fields.
        related_name: What the other model calls the rows of this one; None means ``<model>_set``, ``"+"`` none.
        through_fields: The names of the two foreign keys of ``through``, that to this model first; needed where
            there are several to one side.
        db_table: Table of the model that is made; None means the table of this model and the name of the field.
        symmetrical: Whether each pair goes both ways, so that the friend of a person has that person as a friend; None
            means that a relation to ``"self"`` does.
        blank: Whether forms let it be empty.
        verbose_name: Its name for people; None means the attribute's name with spaces.
        help_text: What people should know about it.
        editable: Whether forms show it.

    Raises:
        ModelDefinitionError: The options contradict each other, or ``through`` does not lead to both sides.
    """

    #: Leads to many rows, and to none where there are no pairs.
    null: ClassVar[bool] = True

    # Set by the metaclass, when the field is given to its model.
    model: type | None = None
    related: Relation
    _through: Reference
    # The ends, with the version of the registry that they were looked up in.
    _ends: tuple[int, Ends] | None = None

    @overload
    def __init__(
        self,
        to: type[T_co],
        through: object = ...,
        related_name: str | None = ...,
        *,
        through_fields: Sequence[str] | None = ...,
        db_table: str | None = ...,
        symmetrical: bool | None = ...,
        blank: bool = ...,
        verbose_name: str | None = ...,
        help_text: str = ...,
        editable: bool = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        to: str,
        through: object = ...,
        related_name: str | None = ...,
        *,
        through_fields: Sequence[str] | None = ...,
        db_table: str | None = ...,
        symmetrical: bool | None = ...,
        blank: bool = ...,
        verbose_name: str | None = ...,
        help_text: str = ...,
        editable: bool = ...,
    ) -> None: ...
    def __init__(
        self,
        to: object,
        through: object = None,
        related_name: str | None = None,
        *,
        through_fields: Sequence[str] | None = None,
        db_table: str | None = None,
        symmetrical: bool | None = None,
        blank: bool = False,
        verbose_name: str | None = None,
        help_text: str = "",
        editable: bool = True,
    ) -> None:
        refuse_other_classes(to)
        refuse_other_classes(through)
        self.to = to
        self.given_through = through
        self.related_name = related_name
        self.through_fields = _read_pair(through_fields)
        self.db_table = db_table
        self.is_symmetrical = to == _SELF if symmetrical is None else symmetrical
        self.blank = blank
        self.verbose_name = verbose_name
        self.help_text = help_text
        self.editable = editable
        self._check_options()

    @property
    def through(self) -> AnyModel:
        """The through model.

        Raises:
            ModelReferenceError: There is no model of the name.
        """
        return self._through.target

    @property
    def references(self) -> tuple[Reference, ...]:
        """The models that it names: the other one, and that of the pairs if one is written for them."""
        return (self.related.reference, *([self._through] if self.given_through is not None else []))

    @property
    def is_resolved(self) -> bool:
        """Whether its three models have been made; nothing is imported."""
        labels = (self.owner, self.related.reference.label, self._through.label)
        return all(registry.find(label) is not None for label in labels)

    @property
    def ends(self) -> Ends:
        """The through model, and its two fields.

        Raises:
            ModelReferenceError: There is no model of a name.
            ModelDefinitionError: It does not lead to both sides, in one way each; or they live in several databases.
        """
        if self._ends is None or self._ends[0] != registry.version:
            self._ends = registry.version, self._find_ends()
        return self._ends[1]

    def attach(self, name: str, *, owner: str) -> None:
        """Give the field its name and its relation; the metaclass does it, once.

        Args:
            name: The attribute of the model.
            owner: Label of the model.

        Raises:
            ModelDefinitionError: It is symmetrical, and leads to another model.
        """
        self.name, self.owner = name, owner
        reference = Reference(self.to, referrer=self.path, own_label=owner, registry=registry)
        if self.is_symmetrical and reference.label != owner:
            raise ModelDefinitionError(
                f"{self.path} is symmetrical, so it leads from {owner} to itself, not to {reference.label}"
            )
        self.related = Relation(
            name,
            reference,
            on_delete="CASCADE",
            related_name=HIDDEN if self.is_symmetrical else self.related_name,
            is_single=False,
        )
        given = f"{owner}_{name}" if self.given_through is None else self.given_through
        self._through = Reference(given, referrer=f"{self.path} (through)", own_label=owner, registry=registry)

    def bind(self, through: AnyModel) -> None:
        """Take the model that was made for the pairs; the metaclass gives it, once."""
        self._through = Reference(through, referrer=f"{self.path} (through)", own_label=self.owner, registry=registry)

    def copy(self) -> Self:
        """Give a field of the same options without a model, for a class that inherits it."""
        twin = object.__new__(type(self))
        vars(twin).update({name: value for name, value in vars(self).items() if name not in _GIVEN})
        return twin

    def _check_options(self) -> None:
        if self.given_through is None and self.through_fields is not None:
            raise ModelDefinitionError(
                "ManyToManyField has through_fields, which name fields of through; give that too"
            )
        if self.given_through is not None and self.db_table is not None:
            raise ModelDefinitionError(
                "ManyToManyField has through and db_table; the through model names its table itself"
            )
        if self.is_symmetrical and self.related_name not in (None, HIDDEN):
            raise ModelDefinitionError(
                f"ManyToManyField has related_name={self.related_name!r} and is symmetrical, so both sides call it by "
                "the name of the field; leave one of them out"
            )

    def _find_ends(self) -> Ends:
        owner, target = registry.get(self.owner), self.related.model
        through = self.through
        self._refuse_databases(owner, through, target)
        if self.through_fields is not None:
            for name, side in zip(self.through_fields, (owner, target), strict=True):
                self._check_end(through, name, side)
            return Ends(through, *self.through_fields)
        sources, targets = _keys_to(through, owner), _keys_to(through, target)
        # Within one table the order of the two says which is which.
        if _root(owner) == _root(target) and len(sources) == 2:
            return Ends(through, *sources)
        for side, found in ((owner, sources), (target, targets)):
            if len(found) != 1 or _root(owner) == _root(target):
                raise self._refuse_keys(through, side, found, is_twice=_root(owner) == _root(target))
        return Ends(through, sources[0], targets[0])

    def _refuse_databases(self, owner: AnyModel, through: AnyModel, target: AnyModel) -> None:
        if through is owner or through is target:
            raise ModelDefinitionError(
                f"{self.path} goes through {through._meta.label}, which is one of its sides; write a through model"
            )
        if through._meta.abstract:
            raise ModelDefinitionError(f"{self.path} goes through {through._meta.label}, which is abstract")
        # Paths lead through all three, and no statement reaches two databases.
        for other in (through, target):
            if other._meta.database != owner._meta.database:
                raise ModelDefinitionError(
                    f"{self.path} leads to {other._meta.label}, which lives in the database "
                    f"{other._meta.database or 'default'!r} and not in {owner._meta.database or 'default'!r}; "
                    "no statement reaches both, so keep the keys of the other rows in a model of their database"
                )

    def _check_end(self, through: AnyModel, name: str, side: AnyModel) -> None:
        if name not in _keys_to(through, side):
            known = ", ".join(_keys_to(through, side)) or "none"
            raise ModelDefinitionError(
                f"{self.path} has {name!r} in through_fields, which is no foreign key of {through._meta.label} to "
                f"{side._meta.label}; there are {known}"
            )

    def _refuse_keys(
        self, through: AnyModel, side: AnyModel, found: Sequence[str], *, is_twice: bool
    ) -> ModelDefinitionError:
        wanted = "two foreign keys" if is_twice else "one foreign key"
        has = f"has {len(found)} ({', '.join(found)})" if found else "has none"
        mend = "name two of them in through_fields" if len(found) > 1 + is_twice else "add what is missing"
        return ModelDefinitionError(
            f"{self.path} goes through {through._meta.label}, which needs {wanted} to {side._meta.label} "
            f"and {has}; {mend}"
        )

    if TYPE_CHECKING:

        @overload
        def __get__(self: "ManyToManyField[_Related[R, S]]", instance: None, owner: type) -> "ManyToManyField[S]": ...
        @overload
        def __get__(self: "ManyToManyField[_Related[R, S]]", instance: object, owner: type) -> R: ...
        def __get__(self, instance: object, owner: type) -> object: ...
        def __set__(self, instance: object, value: Never) -> None: ...


#: A many-to-many field, wherever it leads.
AnyMany: TypeAlias = ManyToManyField[AnyRecord]


def _read_pair(names: Sequence[str] | None) -> tuple[str, str] | None:
    if names is None:
        return None
    if isinstance(names, str) or len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ModelDefinitionError(
            f"ManyToManyField has through_fields={names!r}; write two names, that of the key to this model first"
        )
    return names[0], names[1]


def _keys_to(through: AnyModel, side: AnyModel) -> list[str]:
    """Give the names of the foreign keys of a model to another one, or to a proxy of it."""
    return [
        field.name
        for field in through._meta.relations
        if isinstance(field, ForeignKey) and field.related and _leads_to(field.related.reference, side)
    ]


def _leads_to(reference: Reference, side: AnyModel) -> bool:
    # The other references of a model may name what does not exist yet.
    known = reference.to if isinstance(reference.to, type) else registry.find(reference.label)
    if known is None and reference.label.rpartition(".")[2] == side.__name__:
        known = reference.target
    return known is not None and _root(known) == _root(side)


def _root(model: AnyModel) -> str:
    """Give the label of the model that has the table: the parent of a proxy, else the model."""
    owner: AnyModel = model._meta.pk.model or model
    label: str = owner._meta.label
    return label
