"""Permissions, alone and combined."""

from collections.abc import Awaitable, Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.core.anonymous import AnonymousUser
from openviper.exceptions import HTTPException, ImproperlyConfigured, PermissionDenied, Unauthorized
from openviper.http.permissions import (
    AllowAny,
    BasePermission,
    HasPermission,
    HasRole,
    IsAdmin,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
    build_permissions,
    check_object_permissions,
    check_permissions,
    guard,
)
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.types import Message


class _User:
    """Knows its roles at once, and its permissions after a question to somebody else."""

    is_authenticated = True
    username = "momo"

    def __init__(self, *, is_staff: bool = False, is_superuser: bool = False) -> None:
        self.is_staff = is_staff
        self.is_superuser = is_superuser

    def has_role(self, name: str) -> bool:
        return name == "editor"

    async def has_perm(self, codename: str) -> bool:
        return codename == "books.change"


class _Plain:
    """Has nothing but what every user has."""

    is_authenticated = True
    username = "plain"


async def _receive() -> Message:
    raise AssertionError("the body was read")


def _request(user: object = None, method: str = "GET") -> Request:
    return Request({"type": "http", "method": method, "headers": [], "user": user}, _receive)


async def _status(permission: object, request: Request) -> int:
    try:
        await check_permissions(build_permissions([permission], listed_in="here"), request, None)
    except HTTPException as error:
        return error.status_code
    return 200


@pytest.mark.parametrize(
    ("permission", "anonymous", "plain", "member", "staff"),
    [
        (AllowAny, 200, 200, 200, 200),
        (IsAuthenticated, 401, 200, 200, 200),
        (IsAdmin, 401, 403, 403, 200),
        (HasRole("editor"), 401, 403, 200, 200),
        (HasRole("owner"), 401, 403, 403, 403),
        (HasPermission("books.change"), 401, 403, 200, 200),
        (HasPermission("books.delete"), 401, 403, 403, 403),
        (~AllowAny, 401, 403, 403, 403),
        (~IsAuthenticated, 200, 403, 403, 403),
        (~HasRole("editor"), 200, 200, 403, 403),
        (IsAuthenticated & ~HasRole("editor"), 401, 200, 403, 403),
        (IsAdmin | HasRole("editor"), 401, 403, 200, 200),
        (HasRole("editor") & IsAdmin, 401, 403, 403, 200),
        (~(IsAdmin | HasRole("owner")), 200, 200, 200, 403),
        (~(IsAuthenticated & IsAdmin), 200, 200, 200, 403),
        (~~IsAdmin, 401, 403, 403, 200),
        ("openviper.http.permissions.IsAdmin", 401, 403, 403, 200),
    ],
)
async def test_permission_lets_pass_whom_it_should(
    permission: object, anonymous: int, plain: int, member: int, staff: int
) -> None:
    """401 asks who it is, 403 refuses somebody who is known."""
    users = [AnonymousUser(), _Plain(), _User(), _User(is_staff=True)]
    assert [await _status(permission, _request(user)) for user in users] == [anonymous, plain, member, staff]
    assert await _status(permission, _request(None)) == anonymous
    assert await _status(IsAdmin, _request(_User(is_superuser=True))) == 200


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("POST", 401)])
async def test_anonymous_visitors_may_read_only(method: str, status: int) -> None:
    """A user may do more."""
    assert await _status(IsAuthenticatedOrReadOnly, _request(None, method)) == status
    assert await _status(IsAuthenticatedOrReadOnly, _request(_User(), method)) == 200


class _Owner(BasePermission):
    """A rule on objects alone."""

    message: object = {"reason": "not yours"}

    def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        return obj == "mine"


class _NeverOnSunday(BasePermission):
    """Both rules."""

    def has_permission(self, request: Request, view: object) -> bool:
        return request.method != "DELETE"

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        return obj != "sunday"


async def _allowed(permission: BasePermission, obj: object, method: str = "GET") -> tuple[bool, bool]:
    """Give what it says of the request, and of the object."""
    verdicts = []
    request = _request(_User(), method)
    for ask in (
        check_permissions([permission], request, None),
        check_object_permissions([permission], request, None, obj),
    ):
        try:
            await ask
        except PermissionDenied:
            verdicts.append(False)
        else:
            verdicts.append(True)
    return verdicts[0], verdicts[1]


@pytest.mark.parametrize(
    ("permission", "mine", "yours"),
    [
        (_Owner(), (True, True), (True, False)),
        (~_Owner, (True, False), (True, True)),
        (~IsAdmin, (True, True), (True, True)),
        (~IsAuthenticated, (False, False), (False, False)),
        (IsAdmin | _Owner, (True, True), (True, False)),
        (_Owner & IsAuthenticated, (True, True), (True, False)),
        (~(IsAuthenticated & _Owner), (True, False), (True, True)),
        (~(IsAdmin | _Owner), (True, False), (True, True)),
        (_Owner | _NeverOnSunday, (True, True), (True, True)),
    ],
)
async def test_rules_on_objects_are_combined_like_those_on_requests(
    permission: BasePermission, mine: tuple[bool, bool], yours: tuple[bool, bool]
) -> None:
    """The opposite of a rule on objects lets every request pass until there is one."""
    assert await _allowed(permission, "mine") == mine
    assert await _allowed(permission, "yours") == yours


async def test_part_that_lets_the_object_pass_must_have_let_the_request_pass() -> None:
    """Two halves of two permissions make no whole."""
    either = _NeverOnSunday() | IsAdmin()
    assert await _allowed(either, "monday", "DELETE") == (False, False)
    assert await _allowed(~_NeverOnSunday(), "monday", "DELETE") == (True, True)


async def test_permission_says_why_it_refuses() -> None:
    """Each part that must hold has its own message; visitors who are not known are asked who they are."""
    permissions = build_permissions([IsAuthenticated & _Owner], listed_in="here")
    with pytest.raises(PermissionDenied) as caught:
        await check_object_permissions(permissions, _request(_User()), None, "yours")
    assert caught.value.detail == {"reason": "not yours"}
    with pytest.raises(Unauthorized):
        await check_object_permissions(permissions, _request(None), None, "yours")


class _Given(BasePermission):
    """Says what it was told."""

    def __init__(self, verdict: bool) -> None:
        self.verdict = verdict

    def has_permission(self, request: Request, view: object) -> bool:
        return self.verdict


_leaf = st.booleans().map(lambda verdict: (_Given(verdict), verdict))
_Tree = tuple[BasePermission, bool]


def _inner(trees: "st.SearchStrategy[_Tree]") -> "st.SearchStrategy[_Tree]":
    pairs = st.tuples(trees, trees)
    return st.one_of(
        trees.map(lambda one: (~one[0], not one[1])),
        pairs.map(lambda two: (two[0][0] & two[1][0], two[0][1] and two[1][1])),
        pairs.map(lambda two: (two[0][0] | two[1][0], two[0][1] or two[1][1])),
    )


@given(st.recursive(_leaf, _inner, max_leaves=12))
async def test_combinations_follow_logic(tree: _Tree) -> None:
    """However they are nested, for the request and for an object."""
    permission, expected = tree
    of_request, of_object = await _allowed(permission, None)
    assert of_request == (of_request and of_object) == expected


async def test_guard_stands_before_a_handler() -> None:
    """A function is called when every permission allows it."""

    async def call_next(request: Request) -> Response:
        return Response("reached")

    around = guard(IsAuthenticated, "openviper.http.permissions.IsAdmin")
    assert (await around(_request(_User(is_staff=True)), call_next)).body == b"reached"
    for user, error in ((None, Unauthorized), (_User(), PermissionDenied)):
        with pytest.raises(error):
            await around(_request(user), call_next)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (dict, "here entry <class 'dict'> is no permission"),
        (None, "here entry None is no permission"),
        (HasRole, "here entry .*HasRole.* without arguments.*'name'"),
        ("openviper.absent.Thing", "here entry 'openviper.absent.Thing' cannot be imported"),
    ],
)
def test_entry_that_is_no_permission_is_refused(entry: object, why: str) -> None:
    """The list is named."""
    with pytest.raises(ImproperlyConfigured, match=why):
        build_permissions([entry], listed_in="here")


def test_guard_without_permissions_is_refused() -> None:
    """It would look like protection."""
    with pytest.raises(ImproperlyConfigured, match="no permission"):
        guard()


_COMBINE: list[Callable[[object, object], object]] = [
    lambda one, other: one & other,  # type: ignore[operator]  # the point of the test
    lambda one, other: one | other,  # type: ignore[operator]  # the point of the test
]


@pytest.mark.parametrize(("combine", "operand"), list(product(_COMBINE, ["staff", 1])))
def test_permissions_are_combined_with_permissions_only(
    combine: Callable[[object, object], object], operand: object
) -> None:
    """A name or a number is a mistake."""
    for permission in (IsAdmin, IsAdmin()):
        with pytest.raises(TypeError):
            combine(permission, operand)


def test_annotations_with_permissions_still_work() -> None:
    """``X | None`` is a type, as for any other class."""

    def choose(permission: BasePermission | None) -> BasePermission | None:
        return permission

    assert str(choose.__annotations__["permission"]).endswith("BasePermission | None")


async def test_forgotten_await_is_no_permission() -> None:
    """A plain function may hand on what an async one gives; it is waited for."""

    class Lazy(BasePermission):
        def has_permission(self, request: Request, view: object) -> Awaitable[bool]:
            return _User().has_perm("books.delete")

    assert await _status(Lazy, _request(_User())) == 403


async def test_combination_asks_about_the_request_once() -> None:
    """However many objects a view has found; another user is asked about anew."""
    asked: list[object] = []

    class Counts(BasePermission):
        async def has_permission(self, request: Request, view: object) -> bool:
            asked.append(request.user)
            return True

    permissions = build_permissions([Counts | IsAdmin], listed_in="here")
    request = _request(_User())
    for number in range(3):
        await check_object_permissions(permissions, request, None, number)
    request.scope["user"] = other = _User()
    await check_object_permissions(permissions, request, None, 1)
    assert len(asked) == 2
    assert asked[1] is other
