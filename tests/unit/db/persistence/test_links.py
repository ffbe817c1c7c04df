"""Which statements links take by what keeps their pairs single; all engines are in the contract suite."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db import Model, UniqueConstraint, fields
from openviper.db.connections import close_db, init_db
from openviper.db.exceptions import FieldError
from openviper.db.monitor import max_queries, watch_queries


@pytest.fixture(autouse=True)
async def memory() -> AsyncIterator[None]:
    """A database for each test."""
    settings.configure(DATABASE_URL="sqlite:///:memory:")
    yield
    await close_db()


async def make_post(*, has_unique: bool = True, more_unique: bool = False) -> Any:
    """A post and three tags, with a through model that keeps pairs single or not."""

    class Tag(Model):
        name = fields.CharField()

    class Post(Model):
        tags: Any = fields.ManyToManyField(Tag, through="Pair")

    class Pair(Model):
        post = fields.ForeignKey(Post, related_name="+")
        tag = fields.ForeignKey(Tag, related_name="+")
        place = fields.IntegerField(null=True, unique=more_unique)

        class Meta:
            constraints = (UniqueConstraint("pair", ["tag", "post"]),) if has_unique else ()

    await init_db()
    await Tag.objects.bulk_create([Tag(name=name) for name in "abc"])
    return await Post.objects.create()


@pytest.mark.parametrize(
    ("has_unique", "more_unique", "expected"), [(True, False, 1), (False, False, 2), (True, True, 2)]
)
async def test_engine_keeps_pairs_single(has_unique: bool, more_unique: bool, expected: int) -> None:
    """It is left to the engine only where nothing but the pair could be in the way of a row."""
    post = await make_post(has_unique=has_unique, more_unique=more_unique)

    with watch_queries() as seen:
        await post.tags.add(1, 2)
    assert seen.count == expected
    await post.tags.add(2, 3)
    assert await post.tags.through.objects.count() == 3


async def test_values_of_other_fields_are_called_for_each() -> None:
    """So that each link has one of its own; one that could only be for one of them is refused."""
    post = await make_post(more_unique=True)
    places = iter(range(10))

    await post.tags.add(1, 2, through_defaults={"place": lambda: next(places)})

    assert await post.tags.through.objects.order_by("tag").values_list("place", flat=True) == [0, 1]
    refused: tuple[Any, ...] = ({"tag": 1}, {"post_id": 1}, {"id": 4}, {"pk": 4}, {1: 2}, [], "x")
    for wrong in refused:
        async with max_queries(0):
            with pytest.raises(TypeError):
                await post.tags.add(3, through_defaults=wrong)


async def test_nothing_is_sent_for_what_is_refused() -> None:
    """Everything that was given is read before the first statement."""
    post = await make_post()

    async with max_queries(0):
        for method in (post.tags.add, post.tags.remove):
            with pytest.raises(FieldError, match="item 2 is no key of"):
                await method(1, "x")
        with pytest.raises(FieldError, match="item 2 is no key of"):
            await post.tags.set([1, "x"])
        await post.tags.add()
        await post.tags.remove()
