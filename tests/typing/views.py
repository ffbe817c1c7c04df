"""What a type checker tells the author of a view; mypy reads this file, nothing runs it.

A line with ``type: ignore`` is one that must be refused: mypy reports an ignore that is not needed.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import assert_type

from openviper import OpenViper, Request, Response, Router
from openviper.http.permissions import BasePermission, HasRole, IsAdmin, IsAuthenticated, guard
from openviper.http.throttles import BaseThrottle
from openviper.http.views import View, ViewHandler, action


class IsOwner(BasePermission):
    """Rules are plain or async functions."""

    message = "Not yours."

    def has_permission(self, request: Request, view: object) -> bool:
        """A plain one."""
        return request.user is not None

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        """An async one."""
        return obj is request.user


class Limit(BaseThrottle):
    """A throttle gives a bool, at once or later."""

    async def allow_request(self, request: Request, view: object) -> bool:
        """An async one."""
        return True


class Books(View):
    """Lists and tuples of whatever the reference names."""

    permission_classes = (IsAuthenticated & ~HasRole("guest"), IsAdmin | IsOwner, "shop.permissions.Open")
    throttle_classes = (Limit,)
    authentication_classes = ()

    async def get(self, request: Request, page: int = 1) -> dict[str, int]:
        """Methods have the arguments that they need."""
        assert_type(self.request, Request)
        assert_type(self.action, str)
        await self.check_object_permissions(request, self)
        return {"page": page}

    @action(methods=["POST"], detail=True)
    async def lend(self, request: Request, book_id: int) -> str:
        """An action keeps its signature."""
        return str(book_id)

    def get_permissions(self) -> Sequence[BasePermission]:
        """What is asked may be chosen."""
        return [IsAdmin()]


router = Router("/api", middlewares=[guard(IsAdmin, IsOwner())], tags=["books"])
app = OpenViper()

Books.register(router, "/books", name="books")
Books.register(app, "/books", tags=["shop"])
router.add("/one", Books)
router.add("/two", Books.as_view(serializer_class=dict), methods=["GET"])
router.add("/three", "books")  # type: ignore[arg-type]  # a text is no handler
assert_type(Books.as_view(), ViewHandler)
assert_type(IsAdmin & IsOwner, BasePermission)


@router.get("/four", status_code=202, tags=["a"])
async def four(number: int) -> int:
    """Options leave the signature as it is."""
    return number


async def timed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """A middleware of routes."""
    return await call_next(request)


router.get("/five", middlewares=[timed])
router.get("/six", middlewares=[four])  # type: ignore[list-item]  # takes neither request nor call_next
router.get("/seven", status_code="201")  # type: ignore[arg-type]  # a number is due
router.get("/eight", tagz=["a"])  # type: ignore[call-arg]  # there is no such option


async def use(book: Books, request: Request) -> None:
    """Calls keep the types of the functions."""
    assert_type(await four(1), int)
    assert_type(await book.lend(request, 1), str)
