"""Relation: what a reference from one model to another means, apart from its column."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, get_args

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.registry import AnyModel, Reference

__all__ = ["HIDDEN", "Ends", "ManyRelation", "OnDelete", "Pairing", "Relation", "check_on_delete"]

#: What happens to a row when the one that it refers to is deleted.
OnDelete: TypeAlias = Literal["CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "SET_DEFAULT", "NO_ACTION", "DO_NOTHING"]

_RULES: Final[tuple[str, ...]] = get_args(OnDelete)
#: Stands for a relation that cannot be followed backwards.
HIDDEN: Final = "+"


class Relation:
    """One model's reference to another.

    Args:
        name: The field that refers.
        reference: The name of the target.
        on_delete: What becomes of the rows when their target is deleted.
        related_name: What the target calls the rows that refer to it; None means a name made of the model's.
        is_single: Whether at most one row refers to a target.
    """

    __slots__ = ("is_single", "name", "on_delete", "reference", "related_name")

    def __init__(
        self, name: str, reference: Reference, *, on_delete: OnDelete, related_name: str | None, is_single: bool
    ) -> None:
        self.name = name
        self.reference = reference
        self.on_delete: OnDelete = on_delete
        self.is_single = is_single
        self.related_name = self._name_backwards(related_name)

    def __repr__(self) -> str:
        return f"<Relation {self.reference.referrer} to {self.reference.label}>"

    @property
    def model(self) -> AnyModel:
        """The target.

        Raises:
            ModelReferenceError: There is no model of the name.
        """
        return self.reference.target

    def _name_backwards(self, given: str | None) -> str | None:
        """Give the target's name for the rows that refer to it; None if it has none."""
        app, _, model = self.reference.own_label.rpartition(".")
        if given is None:
            return model.lower() if self.is_single else f"{model.lower()}_set"
        if given == HIDDEN:
            return None
        # An abstract model states one name for all that inherit the reference.
        name = given.replace("%(class)s", model.lower()).replace("%(app_label)s", app)
        if not name.isidentifier() or "__" in name:
            raise ModelDefinitionError(
                f"{self.reference.referrer} has the related_name {given!r}; write a name without '__', or '+' for none"
            )
        return name


class Ends(NamedTuple):
    """Where the pairs of a many-to-many relation lie, and which of their fields lead to its two sides.

    Args:
        through: The through model.
        source: The field that leads to the model which declares the relation.
        target: The one that leads to the other model.
    """

    through: AnyModel
    source: str
    target: str


class Pairing(Protocol):
    """What a field has that declares a many-to-many relation."""

    name: str
    owner: str
    related: Relation
    is_symmetrical: bool

    @property
    def path(self) -> str:
        """Where it is declared, for messages: ``blog.Post.tags``."""

    @property
    def ends(self) -> Ends:
        """The through model, and its two fields."""


@dataclass(frozen=True, slots=True, eq=False)
class ManyRelation:
    """A many-to-many relation, as one of its two models sees it; what it names is looked up when asked for.

    Args:
        name: What this model calls the rows of the other one.
        field: The field that declares it, here or there.
        owner: The model that has the field.
        is_own: Whether the field is declared here.
    """

    name: str
    field: Pairing
    owner: AnyModel
    is_own: bool

    @property
    def is_symmetrical(self) -> bool:
        """Whether each pair goes both ways."""
        return self.field.is_symmetrical

    @property
    def model(self) -> AnyModel:
        """The other model."""
        return self.field.related.model if self.is_own else self.owner

    @property
    def through(self) -> AnyModel:
        """The through model."""
        return self.field.ends.through

    @property
    def source(self) -> str:
        """The field of the pairs that leads to this model."""
        ends = self.field.ends
        return ends.source if self.is_own else ends.target

    @property
    def target(self) -> str:
        """The field of the pairs that leads to the other model."""
        ends = self.field.ends
        return ends.target if self.is_own else ends.source


def check_on_delete(rule: str, *, null: bool, has_default: bool) -> None:
    """Refuse a rule that is none, or that the field cannot follow.

    Raises:
        ModelDefinitionError: The rule is unknown, or sets what the column cannot hold.
    """
    if rule not in _RULES:
        raise ModelDefinitionError(f"on_delete={rule!r} is no rule; there are {', '.join(_RULES)}")
    if rule == "SET_NULL" and not null:
        raise ModelDefinitionError("on_delete='SET_NULL' needs null=True")
    if rule == "SET_DEFAULT" and not has_default:
        raise ModelDefinitionError("on_delete='SET_DEFAULT' needs a default")
