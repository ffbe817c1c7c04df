"""The methods of a view, as routes see them."""

from typing import Annotated, TypeAlias

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.http.endpoints import action, read_endpoints
from openviper.http.request import Request
from openviper.routing.params import Query

_NAMES = ("get", "post", "put", "delete")


class _Parent:
    async def post(self, request: Request) -> None: ...

    @action()
    async def first(self, request: Request) -> None: ...

    @action()
    async def second(self, request: Request) -> None: ...


class _Child(_Parent):
    def get(self, key: int, *, q: str = "") -> None: ...

    async def second(self, request: Request) -> None:
        """No action any more."""

    @action(methods="post", url_path="/a/b/", detail=True)
    async def third(self, request: Request, key: int, year: str) -> None: ...


def _read() -> dict[str, object]:
    return {
        one.attribute: (one.methods, one.call, one.takes_request, one.path_below("/x", ""))
        for one in read_endpoints(_Child, _NAMES)
    }


def test_methods_come_first_and_parents_before_children() -> None:
    """An action that a subclass overrides without the decorator is gone."""
    assert list(_read()) == ["get", "post", "first", "third"]


def test_each_method_says_how_it_is_called() -> None:
    """Its methods, whether it is awaited, whether it wants the request, and its path."""
    assert _read() == {
        "get": (("GET",), "thread", False, "/x/{key:int}"),
        "post": (("POST",), "await", True, "/x"),
        "first": (("GET",), "await", True, "/x/first"),
        "third": (("POST",), "await", True, "/x/{key:int}/a/b/{year}"),
    }


def test_signature_always_begins_with_the_request() -> None:
    """A method that takes none gets a hidden one, so that its handler can find the instance."""
    signatures = [list(one.signature.parameters.values()) for one in read_endpoints(_Child, _NAMES)]
    assert [one[0].annotation for one in signatures] == [Request] * 4
    assert [parameter.name for parameter in signatures[0][1:]] == ["key", "q"]


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        ("/x/{key:int}", "", "/x/{key:int}/a/b/{year}"),
        ("/x", "/{key}", "/x/a/b/{year}"),
        ("/x/{key}/{year}/", "", "/x/{key}/{year}/a/b/"),
        ("/", "", "/{key:int}/a/b/{year}"),
        ("", "/p", "/{key:int}/a/b/{year}"),
    ],
)
def test_arguments_that_the_path_names_are_not_added(path: str, prefix: str, expected: str) -> None:
    """The word of an action for one object follows that object."""
    third = read_endpoints(_Child, _NAMES)[-1]
    assert third.path_below(path, prefix) == expected


def test_action_for_one_object_needs_something_that_names_it() -> None:
    """An argument, or a parameter of the path."""

    class Lost:
        @action(detail=True)
        async def lend(self, request: Request) -> None: ...

    (lend,) = read_endpoints(Lost, _NAMES)
    assert lend.path_below("/books/{book_id:int}", "") == "/books/{book_id:int}/lend"
    with pytest.raises(ImproperlyConfigured, match="'lend' is for one object"):
        lend.path_below("/books", "")


_Key: TypeAlias = int


class _Deferred:
    async def get(self, asked: "Request", key: "_Key", part: "Annotated[int, Query()]", rest: "str") -> None: ...

    async def post(self, request: "Request", key: "Gone") -> None: ...  # type: ignore[name-defined]  # noqa: F821 - as below TYPE_CHECKING


def test_deferred_annotations_give_the_same_path() -> None:
    """Text is evaluated where it was written; what cannot be is left to the route, which says so."""
    first, second = read_endpoints(_Deferred, ("get", "post"))
    assert first.path_below("/x", "") == "/x/{key:int}/{rest}"
    assert (first.takes_request, second.segments) == (True, {})


class _Static:
    @staticmethod
    async def get(request: Request) -> None: ...


class _OfClass:
    @action()
    @classmethod
    async def first(cls, request: Request) -> None: ...


class _NoMethod:
    get = "text"


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (_Static, "_Static.get is a staticmethod"),
        (_OfClass, "_OfClass.first is a classmethod"),
        (_NoMethod, "_NoMethod.get is 'text', which is no method"),
    ],
)
def test_what_is_no_method_of_an_instance_is_refused(view: type, why: str) -> None:
    """The message says how to write it."""
    with pytest.raises(ImproperlyConfigured, match=why):
        read_endpoints(view, _NAMES)
