"""Dependencies in the place of others."""

import dataclasses
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from openviper.http.request import Request
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Depends, Path
from tests.unit.routing.calls import call, make_app


async def _engine() -> AsyncIterator[str]:
    yield "engine"


async def _pool(engine: Annotated[str, Depends(_engine, scope="app")]) -> str:
    return f"pool of {engine}"


def _number() -> int:
    return 1


def _twice(number: Annotated[int, Depends(_number)]) -> int:
    return number * 2


async def _of_the_pool(pool: Annotated[str, Depends(_pool, scope="app")]) -> list[str]:
    return [pool]


async def _of_the_number(number: Annotated[int, Depends(_number)], twice: Annotated[int, Depends(_twice)]) -> list[int]:
    return [number, twice]


def _app(overrides: dict[Any, Any]) -> SimpleNamespace:
    app = make_app()
    app.dependency_overrides.update(overrides)
    return app


async def test_replacement_may_depend_on_what_it_replaces() -> None:
    """What wraps a dependency in a test gets the real one, and everybody else what wraps it."""

    def wrapped(number: Annotated[int, Depends(_number)]) -> int:
        return number + 10

    assert await call(_of_the_number, app=_app({_number: wrapped})) == [11, 22]


async def test_replacement_of_what_lasts_may_take_the_request() -> None:
    """It is made for each request, and what depends on it as well, so that nothing of it outlives the test."""

    async def fake(request: Request) -> str:
        return request.method

    app = _app({_engine: fake})
    assert await call(_of_the_pool, app=app) == ["pool of POST"]
    app.dependency_overrides.clear()
    assert await call(_of_the_pool, app=app) == ["pool of engine"]
    app.dependency_overrides[_engine] = fake
    assert await call(_of_the_pool, app=app) == ["pool of POST"]
    await app.lasting_dependencies.close()


async def test_replacement_that_cannot_be_given_its_arguments_is_named() -> None:
    """A parameter that the path has not is told of the replacement as of any other."""

    def wrong(missing: Annotated[int, Path()]) -> int:
        return missing

    with pytest.raises(RouteError, match="'missing' is marked"):
        await call(_of_the_number, app=_app({_number: wrong}))


@dataclasses.dataclass
class Constant:
    """A callable that is compared by value, and so has no hash."""

    number: int

    def __call__(self) -> int:
        return self.number


async def test_callables_without_a_hash() -> None:
    """They are dependencies and replacements like others, made once a request."""
    three = Constant(3)

    async def handler(a: Annotated[int, Depends(three)], b: Annotated[int, Depends(_number)]) -> list[int]:
        return [a, b]

    assert await call(handler, app=_app({})) == [3, 1]
    assert await call(handler, app=_app({_number: Constant(5)})) == [3, 5]
    assert await call(handler, app=_app({_number: Constant(6)})) == [3, 6]
