"""Deleting rows that refer to others of their own table, however deep that goes."""

from collections.abc import Iterator
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from tests.contract.db.engines import whole
from tests.contract.orm.models import Node


@pytest.fixture
def alone(database: Database) -> Iterator[None]:
    """Models that are made in a test are forgotten after it."""
    with registry.isolated():
        yield


@pytest.mark.parametrize("rule", ["CASCADE", "RESTRICT", "SET_DEFAULT"])
async def test_deep_trees_are_deleted(database: Database, alone: None, rule: Any) -> None:
    """A branch may be deeper than the engine goes, and have more rows than one statement names."""

    class Link(Model):
        parent: Any = fields.ForeignKey("self", null=True, on_delete=rule, default=1, related_name="links")
        parent_id: int | None

        class Meta:
            table_name = "deep_link"

    async with whole(database):
        await create_tables(database, [Link._meta], database.dialect)
    try:
        count = 9600 if database.dialect_name == "sqlite" else 1500
        links = [Link(id=number, parent_id=number - 1 or None) for number in range(1, count + 1)]
        await Link.objects.bulk_create(links)
        assert await Link.objects.filter(id__gt=count - 1300).delete() == 1300
        if rule == "CASCADE":
            assert await Link.objects.filter(id=100).delete() == 1
            assert await Link.objects.count() == 99
        assert await Link.objects.all().delete() > 0
        assert await Link.objects.count() == 0
    finally:
        async with whole(database):
            await drop_tables(database, [Link._meta], database.dialect)


@pytest.mark.parametrize("nullable", [True, False])
async def test_tables_of_deep_trees_are_dropped(database: Database, alone: None, nullable: bool) -> None:
    """However deep the rows in them refer to each other, and whether or not they may stop doing so."""

    class Link(Model):
        parent: Any = fields.ForeignKey("self", null=nullable, related_name="links")
        parent_id: int | None

        class Meta:
            table_name = "deep_link"

    async with whole(database):
        await create_tables(database, [Link._meta], database.dialect)
    await Link.objects.bulk_create([Link(id=number, parent_id=max(1, number - 1)) for number in range(1, 2000)])
    async with whole(database):
        assert await drop_tables(database, [Link._meta], database.dialect) == ["deep_link"]


async def test_an_instance_with_another_key_is_not_deleted(database: Database) -> None:
    """It is the row that was read which is meant, and the key is that of another one."""
    first, second = await Node.objects.bulk_create([Node(name="a"), Node(name="b")])
    first.id = second.id
    with pytest.raises(FieldError, match=r"the key of this \S+ was changed"):
        await first.delete()
    assert await Node.objects.count() == 2
    assert await second.delete() == 1
