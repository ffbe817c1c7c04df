"""Routers are read from the settings when somebody first looks, and again when the settings change."""

from collections.abc import Iterator
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db.exceptions import DatabaseAliasNotFoundError, DatabaseConfigurationError, DatabaseRoutingError
from openviper.db.models import Model
from openviper.db.routers import ask_alias, ask_yes_or_no, load, name_router, rows_of, same_rows, slot
from openviper.db.routing import PrimaryReplicaRouter

URL = "postgresql://user:secret@host/shop"


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    settings.reset()
    yield
    settings.reset()


def state(*routers: object, **databases: object) -> None:
    settings.reset()
    settings.configure(DATABASES={"default": {"URL": URL}, "ROUTERS": list(routers), **databases})


class Decides:
    """Answers as it is told."""

    def __init__(self, answer: Any = "other") -> None:
        self.answer = answer

    def db_for_read(self, model: object) -> Any:
        return self.answer

    async def allow_migrate(self, alias: str, model: object) -> Any:
        return self.answer


class Decided(Model):
    """Some model."""


def test_none_is_the_common_case() -> None:
    """Then the slot is empty, so that a query pays for one look at it."""
    settings.configure(DATABASE_URL="sqlite://")
    assert load() == ()
    assert slot.routers == ()


def test_settings_that_change_are_read_again() -> None:
    """Routers that are stated as before keep what they count."""
    router = Decides()
    state(router, f"{__name__}.Decides")
    first = load()
    with settings.overridden(DEBUG=False):
        assert load() is first
    with settings.overridden(DATABASES={"default": {"URL": URL}}):
        assert load() == ()
    assert load()[0] is router


def test_replicas_have_the_rows_of_their_primary() -> None:
    """Replicas have the rows of their primary; those that no router names have those of the main database."""
    replica = {"URL": URL, "ROLE": "replica"}
    state(PrimaryReplicaRouter("main", ["one", "two"]), main={"URL": URL}, one=replica, two={"URL": URL}, three=replica)
    load()
    assert same_rows("one", "two")
    assert same_rows("one", "main")
    assert same_rows("three", "default")
    assert not same_rows("one", "default")
    assert not same_rows("one", "three")
    assert [rows_of(alias) for alias in ("one", "main", "three", "default")] == [None] * 4
    state(one=replica)
    load()
    assert rows_of("one") == "one"


@pytest.mark.parametrize(
    ("databases", "message"),
    [
        ({"ROUTERS": "a.b"}, "is str; give it a list"),
        ({"ROUTERS": ["no.such"]}, "'no.such', which cannot be imported"),
        ({"ROUTERS": ["openviper.db.routing.PrimaryReplicaRouter"]}, "cannot be made without arguments"),
        ({"ROUTERS": [3]}, "builtins.int, which is no router"),
        ({"ROUTING": "x"}, "has to be a table"),
        ({"ROUTING": {"REPLICAS": []}}, "ROUTING'\\] cannot work"),
        ({"ROUTING": {"REPLICAS": ["one"]}, "one": {"URL": "mariadb://root:secret@host/shop"}}, "different engines"),
    ],
    ids=["text", "module", "arguments", "number", "no table", "no replicas", "engines"],
)
def test_what_cannot_work_is_told(databases: dict[str, object], message: str) -> None:
    """Each time that somebody looks, and without any address."""
    state(**databases)
    for _ in range(2):
        with pytest.raises(DatabaseConfigurationError, match=message) as found:
            load()
        assert "secret" not in str(found.value)


def test_replicas_that_are_no_alias_are_refused() -> None:
    """A replica that is no alias is named with the router."""
    state(PrimaryReplicaRouter("default", ["gone"]))
    with pytest.raises(DatabaseAliasNotFoundError, match=r"PrimaryReplicaRouter names database 'gone'"):
        load()


async def test_answers_of_a_wrong_kind_are_refused() -> None:
    """An answer of a wrong kind is an error that names who gave it."""
    state(Decides(None), Decides("default"))
    assert await ask_alias("db_for_read", Decided) == "default"
    assert await ask_alias("db_for_write", Decided) is None
    with pytest.raises(DatabaseRoutingError, match=r"test_routers.Decides gives str to allow_migrate\(\)"):
        await ask_yes_or_no("allow_migrate", "default", Decided)
    state(Decides(False))
    assert await ask_yes_or_no("allow_migrate", "default", Decided) is False
    assert name_router(Decides()) == name_router(Decides)
