"""Which member is asking: as an argument of views, and as the user of views with permissions."""

from typing import Annotated, TypeAlias

from openviper import Depends
from openviper.http.cookies import parse_cookies
from openviper.types import Scope

from members import repository
from members.models import Member
from members.visitor import COOKIE, Visitor, read_visitor


async def find_current(visitor: Visitor) -> Member | None:
    """Give the member who joined with this browser; None when nobody did."""
    return await repository.find_member(visitor)


#: An argument of a view: who is asking.
CurrentMember: TypeAlias = Annotated[Member | None, Depends(find_current)]


class MemberBackend:
    """Makes the member of the browser ``request.user``, which permissions ask about."""

    async def authenticate(self, scope: Scope) -> tuple[Member, dict[str, str]] | None:
        """Look for the member; None leaves an anonymous user."""
        cookies = parse_cookies([value for name, value in scope["headers"] if name == b"cookie"])
        member = await find_current(read_visitor(cookies.get(COOKIE, "")))
        return None if member is None else (member, {"type": "cookie"})
