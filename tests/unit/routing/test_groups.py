"""Classes that take several values: their own names, rules and limits hold as they do for a body."""

import dataclasses
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import pydantic
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field

from openviper.routing.exceptions import RouteError
from openviper.routing.params import Cookie, Depends, Form, Header, Query
from openviper.routing.signatures import read_signature
from tests.unit.routing.calls import call, faults

FORM = [(b"content-type", b"application/x-www-form-urlencoded")]
T = TypeVar("T")


class Named(BaseModel):
    a: str = "0"
    b: str = Field("0", alias="bee")
    c: str = Field("0", validation_alias="cee")
    d: list[str] = Field([], validation_alias=AliasChoices("dee", "d"))


class ByBoth(Named):
    model_config = ConfigDict(populate_by_name=True)


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int = 0


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int = 0


class ClosedStruct(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    page_size: int = 0


@pydantic.dataclasses.dataclass
class Checked:
    a: Annotated[int, Field(ge=1)] = 1


class StructPage(msgspec.Struct, Generic[T]):
    items: list[T]
    first: T


@dataclasses.dataclass
class DataPage(Generic[T]):
    items: list[T]
    first: T


class ModelPage(BaseModel, Generic[T]):
    items: list[T]
    first: T


async def _named(it: Annotated[Named, Query()]) -> list[object]:
    return [it.a, it.b, it.c, it.d]


async def _by_both(it: Annotated[ByBoth, Query()]) -> list[object]:
    return [it.a, it.b, it.c, it.d]


async def test_model_takes_its_fields_by_their_aliases() -> None:
    """All three ways that pydantic has to name one; the field's own name counts where the model says so."""
    assert await call(_named, query=b"a=1&bee=2&cee=3&dee=4&dee=5") == ["1", "2", "3", ["4", "5"]]
    assert await call(_named, query=b"a=1&b=2&c=3&d=4") == ["1", "0", "0", ["4"]]
    assert await call(_by_both, query=b"b=2&c=3&d=4") == ["0", "2", "3", ["4"]]


async def test_model_takes_header_fields() -> None:
    """Underscores of a name are hyphens in the request, and an alias is spelt as it is."""

    class Sent(BaseModel):
        x_token: str
        kind: str = Field(alias="X-Kind")

    async def handler(it: Annotated[Sent, Header()]) -> list[str]:
        return [it.x_token, it.kind]

    handler.__annotations__["it"] = Annotated[Sent, Header()]
    assert await call(handler, headers=[(b"x-token", b"1"), (b"x-kind", b"2")]) == ["1", "2"]


def test_alias_that_leads_into_a_value_is_refused() -> None:
    """A text of a query has no inside."""

    class Deep(BaseModel):
        a: str = Field(validation_alias=AliasPath("x", 0))

    async def handler(it: object) -> None: ...

    handler.__annotations__["it"] = Annotated[Deep, Query()]
    with pytest.raises(RouteError, match="AliasPath"):
        read_signature(handler)


async def _one_more(page: int = 0) -> int:
    return page


async def _closed(
    it: Annotated[Closed, Query()], q: str = "", page: Annotated[int, Depends(_one_more)] = 0
) -> list[object]:
    return [it.a, q, page]


async def _closed_struct(it: Annotated[ClosedStruct, Query()]) -> int:
    return it.page_size


async def _closed_form(it: Annotated[Closed, Form()]) -> int:
    return it.a


async def _closed_cookies(it: Annotated[Closed, Cookie()]) -> int:
    return it.a


async def _closed_headers(it: Annotated[Closed, Header()]) -> int:
    return it.a


async def test_values_that_a_class_forbids_are_refused() -> None:
    """What other arguments ask for is theirs, and header fields come with every request."""
    assert await call(_closed, query=b"a=1&q=x&page=3") == [1, "x", 3]
    assert await faults(_closed, query=b"a=1&z=1&y=%31") == [("query", ["z"], "unknown"), ("query", ["y"], "unknown")]
    assert await call(_closed_struct, query=b"pageSize=3") == 3
    assert await faults(_closed_struct, query=b"page_size=3") == [("query", ["page_size"], "unknown")]
    assert await faults(_closed_form, body=b"a=1&z=1", headers=FORM) == [("form", ["z"], "unknown")]
    assert await faults(_closed_cookies, headers=[(b"cookie", b"a=1; z=2")]) == [("cookie", ["z"], "unknown")]
    assert await call(_closed_headers, headers=[(b"a", b"1"), (b"host", b"x")]) == 1


async def test_faults_of_unknown_values_are_bounded() -> None:
    """A query may hold thousands of names."""
    query = b"&".join(b"x%d=1" % number for number in range(500))
    assert len(await faults(_closed, query=query)) == 100


async def test_model_takes_further_values_where_it_allows_them() -> None:
    """As text, and without NUL."""

    async def handler(it: Annotated[Open, Query()]) -> object:
        return {**it.model_dump()}

    assert await call(handler, query=b"a=1&z=2&z=3") == {"a": 1, "z": "3"}
    assert await faults(handler, query=b"z=%00") == [("query", ["z"], "invalid")]


async def test_dataclass_of_pydantic_keeps_its_rules() -> None:
    """It is made by pydantic, as a model is."""

    async def handler(it: Annotated[Checked, Query()]) -> int:
        return it.a

    assert await call(handler, query=b"a=7") == 7
    assert await faults(handler, query=b"a=0") == [("query", ["a"], "invalid")]


@pytest.mark.parametrize("kind", [StructPage, DataPage, ModelPage])
async def test_generic_class_is_one_of_what_stands_in_its_brackets(kind: Any) -> None:
    """Struct, dataclass and model alike."""

    async def handler(it: Any) -> list[object]:
        return [it.items, it.first]

    handler.__annotations__["it"] = Annotated[kind[int], Query()]
    assert await call(handler, query=b"items=1&items=2&first=3") == [[1, 2], 3]
    assert (await faults(handler, query=b"items=x&first=3"))[0][2] == "invalid"
