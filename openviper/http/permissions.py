"""Who may ask: permissions of views and of routes, each a yes or no that can be combined with ``&``, ``|`` and ``~``.

Theory of operation. A permission has two rules: one for the request, asked before anything of the body is read, and
one for an object, asked by a view that has found one. A rule that is not written says yes. Combinations are worked
out by the same two rules; a denial is pushed inwards (``~(a & b)`` is ``~a | ~b``), so that only single permissions
are ever denied, and one that has a rule for objects alone is left undecided until there is an object.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NoReturn, TypeAlias

from openviper.exceptions import ImproperlyConfigured, PermissionDenied, Unauthorized
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.primitives.imports import import_string

__all__ = [
    "AllowAny",
    "BasePermission",
    "HasPermission",
    "HasRole",
    "IsAdmin",
    "IsAuthenticated",
    "IsAuthenticatedOrReadOnly",
    "build_permissions",
    "check_object_permissions",
    "check_permissions",
    "guard",
]

Verdict: TypeAlias = bool | Awaitable[bool]

# Where a scope keeps what permissions within combinations said of the request.
_ASKED: Final = "openviper.permissions"

# RFC 9110 9.2.1: methods that ask for nothing but an answer.
_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class _PermissionClass(type):
    """Lets classes be combined as their instances are: ``IsAdmin | HasRole("editor")``."""

    def __and__(cls, other: object) -> "BasePermission":
        return _combine(_All, cls, other)

    def __or__(cls, other: object) -> "BasePermission":  # type: ignore[override]  # permissions are no union of types
        if not isinstance(other, _OPERANDS):
            # An annotation: ``BasePermission | None``.
            return super().__or__(other)  # type: ignore[return-value]  # nothing but annotations comes here
        return _combine(_Any, cls, other)

    def __invert__(cls) -> "BasePermission":
        return ~_instance(cls)


class BasePermission(metaclass=_PermissionClass):
    """A rule on who may go on; subclasses override one of its methods or both, as plain or async functions.

    Plain methods run on the loop and must not block. Instances are shared by all requests.

    Attributes:
        message: What a user who is known and may not is told, as text or anything JSON can carry; None means the
            standard phrase.
    """

    message: object = None

    def has_permission(self, request: Request, view: object) -> Verdict:
        """Tell whether the request may go on; its body has not been read.

        Args:
            request: With ``user``, ``auth`` and ``path_params``.
            view: The instance of the view that will answer, or None where a function does.
        """
        return True

    def has_object_permission(self, request: Request, view: object, obj: object) -> Verdict:
        """Tell whether the request may go on with this object; asked after ``has_permission``."""
        return True

    def __and__(self, other: object) -> "BasePermission":
        return _combine(_All, self, other)

    def __or__(self, other: object) -> "BasePermission":
        return _combine(_Any, self, other)

    def __invert__(self) -> "BasePermission":
        return _Not(self)


class AllowAny(BasePermission):
    """Everyone, known or not; it says so where a default would be stricter."""


class IsAuthenticated(BasePermission):
    """Whoever has proved who they are."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Ask the user."""
        return _is_known(request)


class IsAuthenticatedOrReadOnly(BasePermission):
    """Whoever has proved who they are; everyone else may only read (GET, HEAD, OPTIONS)."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Ask the method, then the user."""
        return request.method in _SAFE_METHODS or _is_known(request)


class IsAdmin(BasePermission):
    """Members of the staff and superusers."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Ask the user's ``is_staff`` and ``is_superuser``."""
        user = request.user
        return _is_known(request) and bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


class HasRole(BasePermission):
    """Users who have a role.

    Args:
        name: Name of the role, which the user's ``has_role`` is asked for.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def has_permission(self, request: Request, view: object) -> bool:
        """Ask the user; one without ``has_role`` has none."""
        return await _ask_user(request, "has_role", self.name)


class HasPermission(BasePermission):
    """Users who were granted a permission, by themselves or by a role.

    Args:
        codename: Which one; the user's ``has_perm`` is asked for it.
    """

    def __init__(self, codename: str) -> None:
        self.codename = codename

    async def has_permission(self, request: Request, view: object) -> bool:
        """Ask the user; one without ``has_perm`` has none."""
        return await _ask_user(request, "has_perm", self.codename)


class _Combined(BasePermission):
    """Several permissions, decided one after the other."""

    def __init__(self, parts: Sequence[BasePermission]) -> None:
        self.parts = parts


class _All(_Combined):
    """Every part must say yes."""

    async def has_permission(self, request: Request, view: object) -> bool:
        for part in self.parts:
            if not await _resolve(part.has_permission(request, view)):
                return False
        return True

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        for part in self.parts:
            if not await _resolve(part.has_object_permission(request, view, obj)):
                return False
        return True

    def __invert__(self) -> BasePermission:
        return _Any([~part for part in self.parts])


class _Any(_Combined):
    """One part must say yes, for the request and the object alike."""

    async def has_permission(self, request: Request, view: object) -> bool:
        for part in self.parts:
            if await _resolve(part.has_permission(request, view)):
                return True
        return False

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        # The part that lets the request pass and the one that lets the object pass must be the same.
        for part in self.parts:
            if await _decides(part, request, view, obj):
                return True
        return False

    def __invert__(self) -> BasePermission:
        return _All([~part for part in self.parts])


class _Not(BasePermission):
    """The opposite of a single permission."""

    def __init__(self, part: BasePermission) -> None:
        self.part = part
        # A permission about objects alone says yes to every request, so its opposite may not say no to every one.
        kind = type(part)
        self._waits = (
            kind.has_permission is BasePermission.has_permission
            and kind.has_object_permission is not BasePermission.has_object_permission
        )

    async def has_permission(self, request: Request, view: object) -> bool:
        return self._waits or not await _resolve(self.part.has_permission(request, view))

    async def has_object_permission(self, request: Request, view: object, obj: object) -> bool:
        return not await _decides(self.part, request, view, obj)

    def __invert__(self) -> BasePermission:
        return self.part


_OPERANDS: Final = (BasePermission, _PermissionClass)


def build_permissions(entries: Iterable[object], *, listed_in: str) -> tuple[BasePermission, ...]:
    """Make permissions of instances, classes to be built without arguments, and dotted paths to either.

    Args:
        entries: What stands in the list.
        listed_in: Name of the list, for the message of an error.

    Raises:
        ImproperlyConfigured: An entry cannot be imported, is no permission, or is a class that needs arguments.
    """
    found: list[BasePermission] = []
    for entry in entries:
        permission = entry
        if isinstance(entry, str):
            try:
                permission = import_string(entry)
            except ImportError as error:
                raise ImproperlyConfigured(
                    f"{listed_in} entry {entry!r} cannot be imported: {error}; correct the path or remove the entry"
                ) from error
        if not isinstance(permission, _OPERANDS):
            raise ImproperlyConfigured(
                f"{listed_in} entry {entry!r} is no permission; write a subclass of BasePermission, or an instance"
            )
        try:
            permission = _instance(permission)
        except TypeError as error:
            raise ImproperlyConfigured(
                f"{listed_in} entry {entry!r} cannot be made without arguments ({error}); write an instance of it"
            ) from error
        # Those that must all hold may as well stand in the list, where each has a message of its own.
        found += permission.parts if isinstance(permission, _All) else [permission]
    return tuple(found)


async def check_permissions(permissions: Iterable[BasePermission], request: Request, view: object) -> None:
    """Let a request pass that every permission allows.

    Raises:
        Unauthorized: One does not, and nobody is logged in (401).
        PermissionDenied: One does not allow it to this user (403); its ``message`` is the detail.
    """
    for permission in permissions:
        verdict = permission.has_permission(request, view)
        if verdict is not True and not await _resolve(verdict):
            _refuse(request, permission)


async def check_object_permissions(
    permissions: Iterable[BasePermission], request: Request, view: object, obj: object
) -> None:
    """Let a request go on with an object if every permission allows it; errors are those of ``check_permissions``."""
    for permission in permissions:
        if not await _resolve(permission.has_object_permission(request, view, obj)):
            _refuse(request, permission)


def guard(
    *permissions: BasePermission | type[BasePermission] | str,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Give a middleware for routes of functions, or for a whole router, that lets pass what all permissions allow.

    The permissions get None for the view. They are asked before the arguments of the handler are read.

    Raises:
        ImproperlyConfigured: One is no permission, or there is none at all.
    """
    required = build_permissions(permissions, listed_in="guard()")
    if not required:
        raise ImproperlyConfigured("guard() was given no permission; write guard(IsAuthenticated), for example")

    async def guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        await check_permissions(required, request, None)
        return await call_next(request)

    return guarded


def _combine(kind: type[_All] | type[_Any], *operands: object) -> BasePermission:
    parts: list[BasePermission] = []
    for operand in operands:
        if not isinstance(operand, _OPERANDS):
            raise TypeError(f"{operand!r} is no permission; combine subclasses of BasePermission and instances of them")
        part = _instance(operand)
        parts += part.parts if type(part) is kind else [part]
    return kind(parts)


def _instance(permission: "BasePermission | _PermissionClass") -> BasePermission:
    if isinstance(permission, BasePermission):
        return permission
    made: BasePermission = permission()
    return made


async def _decides(permission: BasePermission, request: Request, view: object, obj: object) -> bool:
    """Ask both rules of a permission; that for the request once for a user, however many objects there are."""
    user = request.user
    asked = request.scope.setdefault(_ASKED, {})
    # With the objects, so that no other one is given the identity of one that is gone.
    key = (id(permission), id(user), id(view))
    if key not in asked:
        asked[key] = await _resolve(permission.has_permission(request, view)), permission, user, view
    return asked[key][0] and await _resolve(permission.has_object_permission(request, view, obj))


async def _resolve(verdict: object) -> bool:
    """Wait for a verdict that an async function gives."""
    if verdict is True:
        return True
    return bool(await verdict) if isinstance(verdict, Awaitable) else bool(verdict)


async def _ask_user(request: Request, method: str, name: str) -> bool:
    ask: Callable[[str], Verdict] | None = getattr(request.user, method, None)
    return ask is not None and _is_known(request) and await _resolve(ask(name))


def _is_known(request: Request) -> bool:
    user = request.user
    return user is not None and bool(user.is_authenticated)


def _refuse(request: Request, permission: BasePermission) -> NoReturn:
    # RFC 9110 15.5.2 and 15.5.4: whoever has not said who they are is asked to, and whoever has is refused.
    if not _is_known(request):
        raise Unauthorized
    raise PermissionDenied(permission.message)
