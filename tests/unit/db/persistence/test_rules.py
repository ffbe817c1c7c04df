"""What refers to a model, and who carries out what happens to it."""

from typing import Any

from openviper.db import fields
from openviper.db.dialects.engines import get_dialect
from openviper.db.fields.relation import OnDelete
from openviper.db.models import Model
from openviper.db.persistence.rules import is_left_to_engine, reach_of, rules_of
from openviper.db.registry import AnyModel

SQLITE = get_dialect("sqlite")


def make_target() -> AnyModel:
    class Target(Model):
        name = fields.CharField(max_length=20)

    return Target


def refer(to: AnyModel, on_delete: OnDelete, *, managed: bool = True) -> AnyModel:
    given = managed

    class Referrer(Model):
        target: Any = fields.ForeignKey(to, on_delete, "+", null=True, default=None)

        class Meta:
            managed = given

    return Referrer


def test_engine_cascades_and_sets_null() -> None:
    """What an engine does by itself is left to it, all the way down."""
    target = make_target()
    assert is_left_to_engine(target._meta, SQLITE)
    referrer = refer(target, "CASCADE")
    assert is_left_to_engine(target._meta, SQLITE)
    assert reach_of(target._meta, SQLITE) == {target._meta, referrer._meta}


def test_rules_of_ours_are_found_down_the_cascade() -> None:
    """One field that protects makes the whole deletion ours."""
    target = make_target()
    referrer = refer(target, "CASCADE")

    class Far(Model):
        referrer: Any = fields.ForeignKey("Referrer", on_delete="PROTECT", related_name="+")

    assert not is_left_to_engine(target._meta, SQLITE)
    assert [(rule.owner.name, rule.on_delete) for rule in rules_of(referrer._meta, SQLITE)] == [("Far", "PROTECT")]


def test_references_that_nothing_is_done_about_do_not_count() -> None:
    """DO_NOTHING and NO_ACTION are for the engine to refuse."""
    target = make_target()
    refer(target, "DO_NOTHING")
    assert rules_of(target._meta, SQLITE) == ()


def test_tables_of_others_have_no_constraint() -> None:
    """A table that is not ours may lack the constraint, so its rows are looked after."""
    target = make_target()
    refer(target, "SET_NULL", managed=False)
    assert not is_left_to_engine(target._meta, SQLITE)


def test_models_that_refer_to_themselves_are_counted_by_us() -> None:
    """Engines count the rows of a branch in different ways."""

    class Node(Model):
        parent: Any = fields.ForeignKey("self", null=True, related_name="+")

    assert not is_left_to_engine(Node._meta, SQLITE)


def test_whoever_refers_to_a_proxy_refers_to_its_table() -> None:
    """Rows of the parent are those of the proxy."""
    target = make_target()

    class Proxy(target):  # type: ignore[misc, valid-type]  # the parent is made by the test
        class Meta:
            proxy = True

    referrer = refer(Proxy, "PROTECT")
    assert [rule.owner for rule in rules_of(target._meta, SQLITE)] == [referrer._meta]
