"""What refers to a model, and who carries out what happens to it when rows are deleted: the engine or we."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from openviper.db.dialects.base import Dialect
from openviper.db.fields.base import AnyField
from openviper.db.fields.related import ForeignKey
from openviper.db.fields.relation import OnDelete
from openviper.db.options import Options
from openviper.db.permissions import Action
from openviper.db.registry import AnyModel, registry

__all__ = ["Rule", "effects_of", "is_left_to_engine", "reach_of", "rules_of"]

_MAX_MODELS: Final = 2000
#: The engine refuses to leave a reference without its row; where it has no constraint, that is what was wanted.
_UNTOUCHED: Final = frozenset({"NO_ACTION", "DO_NOTHING"})
#: The row stays and refers to something else.
_CHANGES: Final = frozenset({"SET_NULL", "SET_DEFAULT"})


class Rule(NamedTuple):
    """One field that refers to a model.

    Args:
        owner: Of the model that has the field.
        field: The field.
        on_delete: What becomes of its rows.
        by_engine: Whether the engine does that itself.
    """

    owner: Options
    field: AnyField
    on_delete: OnDelete
    by_engine: bool


def rules_of(options: Options, dialect: Dialect) -> tuple[Rule, ...]:
    """List the fields that refer to a model and that deleting its rows has to look at.

    Args:
        options: Of the model.
        dialect: Of the engine.
    """
    return _rules(options, dialect, registry.version)


def is_left_to_engine(options: Options, dialect: Dialect) -> bool:
    """Tell whether one DELETE does all that is to be done, down the whole cascade.

    A model whose rows delete each other is not: engines count them in different ways.

    Args:
        options: Of the model.
        dialect: Of the engine.
    """
    return _is_quiet(options, dialect, registry.version)


def reach_of(options: Options, dialect: Dialect) -> frozenset[Options]:
    """Give the models whose rows may go along with those of a model, itself included.

    Args:
        options: Of the model.
        dialect: Of the engine.
    """
    return _reach(options, dialect, registry.version)


def effects_of(options: Options, dialect: Dialect) -> tuple[tuple[AnyModel, Action], ...]:
    """List what deleting rows of a model may do to rows of others, or to those that stay: who is asked needs to know.

    Args:
        options: Of the model.
        dialect: Of the engine.
    """
    return _effects(options, dialect, registry.version)


@lru_cache(maxsize=_MAX_MODELS)
def _effects(options: Options, dialect: Dialect, _version: int) -> tuple[tuple[AnyModel, Action], ...]:
    reach = reach_of(options, dialect)
    gone = {one.model for one in reach}
    found: set[tuple[AnyModel, Action]] = {(one, "delete") for one in gone if one._meta.auto_created is None}
    # Rows that only link others belong to the model with the field, and are no matter where its own rows go.
    makers = {one._meta.auto_created for one in gone} - gone - {None}
    found |= {(maker, "update") for maker in makers if maker is not None}
    for one in reach:
        found |= {(rule.owner.model, "update") for rule in rules_of(one, dialect) if rule.on_delete in _CHANGES}
    found.discard((options.model, "delete"))
    return tuple(sorted(found, key=lambda effect: (effect[0]._meta.label, effect[1])))


@lru_cache(maxsize=_MAX_MODELS)
def _reach(options: Options, dialect: Dialect, _version: int) -> frozenset[Options]:
    seen: set[Options] = set()
    waiting = [options]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += [rule.owner for rule in rules_of(one, dialect) if rule.on_delete == "CASCADE"]
    return frozenset(seen)


@lru_cache(maxsize=_MAX_MODELS)
def _is_quiet(options: Options, dialect: Dialect, _version: int) -> bool:
    found = [rule for one in reach_of(options, dialect) for rule in rules_of(one, dialect)]
    return all(rule.by_engine and not (rule.on_delete == "CASCADE" and rule.owner is options) for rule in found)


@lru_cache(maxsize=_MAX_MODELS)
def _rules(options: Options, dialect: Dialect, _version: int) -> tuple[Rule, ...]:
    return tuple(rule for rule in _find_rules(options, dialect) if rule.on_delete not in _UNTOUCHED)


def _find_rules(options: Options, dialect: Dialect) -> Iterator[Rule]:
    # Whoever refers to a proxy refers to the same table.
    labels = [model._meta.label for model in registry if model._meta.table == options.table]
    for reference in [one for label in labels for one in registry.references_to(label)]:
        owner: Options = registry.get(reference.own_label)._meta
        for field in owner.relations:
            if field.related is not None and field.related.reference is reference and isinstance(field, ForeignKey):
                # Only tables of ours, and of the same database, have the constraint.
                has_constraint = owner.managed and owner.database == options.database
                yield Rule(owner, field, field.on_delete, has_constraint and field.on_delete in dialect.on_delete)
