"""The router of a primary and its replicas, asked directly."""

import pytest

from openviper.core.context import request_tree
from openviper.db.models import Model
from openviper.db.routing import PrimaryReplicaRouter, use_primary
from openviper.db.routing.replicas import note_written


class Copied(Model):
    """Some model."""


async def test_replicas_take_turns() -> None:
    """Each replica comes once a round; a single one may be given as a text."""
    request_tree.begin()
    router = PrimaryReplicaRouter("main", ["one", "two", "three"])
    assert [router.db_for_read(Copied) for _ in range(4)] == ["one", "two", "three", "one"]
    assert router.db_for_write(Copied) == "main"
    assert PrimaryReplicaRouter("main", "one").replica_aliases == ("one",)


async def test_what_was_written_is_read_there() -> None:
    """By this router, and not by that of another primary; a block may ask for it as well."""
    request_tree.begin()
    router, other = PrimaryReplicaRouter("main", ["one"]), PrimaryReplicaRouter("base", ["two"])
    note_written("main")
    assert (router.db_for_read(Copied), other.db_for_read(Copied)) == ("main", "two")
    assert PrimaryReplicaRouter("main", ["one"], read_your_writes=False).db_for_read(Copied) == "one"
    with use_primary(), use_primary():
        assert other.db_for_read(Copied) == "base"
    assert other.db_for_read(Copied) == "two"
    request_tree.begin()
    assert router.db_for_read(Copied) == "one"


async def test_replicas_that_are_lost_are_passed_over() -> None:
    """They are passed over until it is time to try again; without any left the primary is read."""
    request_tree.begin()
    now = [100.0]
    router = PrimaryReplicaRouter("main", ["lost a", "lost b"], retry_after=5, clock=lambda: now[0])
    router.note_lost("lost a")
    assert {router.db_for_read(Copied) for _ in range(3)} == {"lost b"}
    router.note_lost("lost b")
    assert router.db_for_read(Copied) == "main"
    now[0] += 5
    assert {router.db_for_read(Copied) for _ in range(3)} == {"lost a", "lost b"}


def test_tables_of_replicas_come_from_the_primary() -> None:
    """The router says so of its own aliases, and nothing of others."""
    router = PrimaryReplicaRouter("main", ["one"])
    assert [router.allow_migrate(alias, Copied) for alias in ("main", "one", "else")] == [None, False, None]


@pytest.mark.parametrize("replicas", [[], "main", ["one", "one"], ["main", "one"]])
def test_families_that_cannot_be(replicas: list[str] | str) -> None:
    """There is a replica at least, and nobody is there twice."""
    with pytest.raises(ValueError, match="all different"):
        PrimaryReplicaRouter("main", replicas)
