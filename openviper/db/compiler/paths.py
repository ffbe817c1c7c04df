"""Paths: what ``author__country__name`` leads to, told from the models alone."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from openviper.conf.spelling import closest
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import AnyField, shorten
from openviper.db.fields.relation import ManyRelation
from openviper.db.options import Options
from openviper.db.registry import AnyModel

__all__ = [
    "MOST_STEPS",
    "SEPARATOR",
    "Step",
    "Walk",
    "is_name",
    "names_of",
    "refuse_name",
    "step_of",
    "suggest",
    "walk",
]

#: Most relations of one path.
MOST_STEPS: Final = 5
#: Stands between the names of a path.
SEPARATOR: Final = "__"


class Step(NamedTuple):
    """One relation of a path.

    Args:
        name: As it was written.
        model: Where it leads; through a many-to-many that is the through model.
        field: The field that refers: of the model that is left going forward, of the one that is reached going back.
        is_forward: Whether it goes from the row that refers to the one that it refers to.
        is_many: Whether it leads to many rows.
        is_nullable: Whether it may lead to none.
        via: Of a many-to-many the field by which its pairs lead on to the other side.
    """

    name: str
    model: AnyModel
    field: AnyField
    is_forward: bool
    is_many: bool
    is_nullable: bool
    via: AnyField | None = None

    @property
    def options(self) -> Options:
        """Of the model that it leads to."""
        options: Options = self.model._meta
        return options

    @property
    def end(self) -> Options:
        """Of the model whose rows are meant: behind pairs those of the other side."""
        beyond = None if self.via is None else self.via.related
        options: Options = self.model._meta if beyond is None else beyond.model._meta
        return options


class Walk(NamedTuple):
    """Where a path leads.

    Args:
        steps: Relations that lead to one row each.
        many: The first relation that leads to many rows, if there is one; the walk ends there.
        field: The field at the end: for a path that ends with a relation the reference, or the key of the rows.
        target: The model whose instances stand for values of the field: of a reference and of a key.
        rest: The names behind: those of the rows of ``many``, else lookups.
    """

    steps: tuple[Step, ...]
    many: Step | None
    field: AnyField
    target: AnyModel | None
    rest: tuple[str, ...]


def walk(options: Options, names: tuple[str, ...]) -> Walk:
    """Follow names from a model as far as they name fields and relations.

    Args:
        options: Of the model where the path begins.
        names: At least one.

    Raises:
        FieldError: The first one is no name of the model, or there are more than five relations.
    """
    steps: list[Step] = []
    field: AnyField | None = None
    target: AnyModel | None = None
    position = 0
    while position < len(names):
        name = names[position]
        step = step_of(options, name)
        own = options.by_name.get(name)
        if step is None and own is None:
            break
        position += 1
        if step is None and own is not None:
            return Walk(tuple(steps), None, own, _target_of(options, own), names[position:])
        if step is None:
            break
        if step.is_many:
            return Walk(tuple(steps), step, step.options.pk, step.model, names[position:])
        field, target = (step.field if step.is_forward else step.options.pk), step.model
        key = step.options.by_name.get(names[position]) if position < len(names) else None
        if step.is_forward and key is not None and key.primary_key and key.related is None:
            # The key of the other row is in this one.
            return Walk(tuple(steps), None, step.field, step.model, names[position + 1 :])
        if step.is_forward and not (position < len(names) and is_name(step.options, names[position])):
            # What follows is a lookup of the reference itself, which needs no join.
            return Walk(tuple(steps), None, step.field, step.model, names[position:])
        steps.append(step)
        if len(steps) > MOST_STEPS:
            raise FieldError(f"{shorten(SEPARATOR.join(names))} goes through more than {MOST_STEPS} relations")
        options = step.options
    if field is None:
        raise refuse_name(options, names[0])
    return Walk(tuple(steps), None, field, target, names[position:])


def names_of(options: Options, more: Iterable[str] = ()) -> list[str]:
    """List what a path can begin with.

    Args:
        options: Of the model.
        more: Names of annotations.
    """
    return [*more, *(field.name for field in options.fields), "pk", *options.reverse, *options.many]


def refuse_name(options: Options, name: str, more: Iterable[str] = ()) -> FieldError:
    """Make the error for a name that a model does not have.

    Args:
        options: Of the model.
        name: What was written.
        more: Names of annotations.
    """
    known = names_of(options, more)
    return FieldError(
        f"{options.label} has no field {shorten(name)}{suggest(name, known)}; there are {', '.join(known)}"
    )


def suggest(name: str, known: Iterable[str]) -> str:
    """Give `` (did you mean 'x'?)`` for the name that a wrong one is nearest to; empty if none is near.

    Args:
        name: What was written.
        known: What there is.
    """
    names = tuple(known)
    # A name that there is may stand where it must not.
    near = None if name in names else closest(name, names, cutoff=0.6)
    return "" if near is None else f" (did you mean {near!r}?)"


def is_name(options: Options, name: str) -> bool:
    """Tell whether a model has a field or a relation of a name."""
    return name in options.by_name or name in options.reverse or name in options.many


def _target_of(options: Options, field: AnyField) -> AnyModel | None:
    if field.related is not None:
        return field.related.model
    return options.model if field.primary_key else None


def step_of(options: Options, name: str) -> Step | None:
    """Give the relation of a name; ``author_id`` is none, but the key itself."""
    field = options.by_name.get(name)
    if field is not None:
        if field.related is None or (name == field.attname and name != field.name):
            return None
        return Step(name, field.related.model, field, True, False, field.null)
    if name in options.many:
        return _step_to_many(options.many[name])
    known = options.reverse.get(name)
    if known is None:
        return None
    model, relation = known
    reference: AnyField = model._meta.by_name[relation.name]
    return Step(name, model, reference, False, not relation.is_single, True)


def _step_to_many(relation: ManyRelation) -> Step:
    through: Options = relation.through._meta
    source, target = through.by_name[relation.source], through.by_name[relation.target]
    return Step(relation.name, through.model, source, False, True, True, target)
