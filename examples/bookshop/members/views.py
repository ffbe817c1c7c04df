"""The pages of the members."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct
from openviper import Form, HTMLResponse, NotFound, RedirectResponse, Request, Response, render

import catalogue.repository
from bookshop.errors import InvalidFields
from bookshop.fields import BookId, Email, Text
from bookshop.forms import shows_form
from members import repository
from members.current import CurrentMember
from members.visitor import Visitor, keep_visitor, make_visitor


class NewMember(Struct):
    """What somebody writes who wants to join."""

    name: Text
    email: Email
    city: Text
    favourite: str = ""


async def show_join(request: Request, member: CurrentMember) -> Response:
    """Show the form for joining; a member goes to their own page."""
    if member is not None:
        return RedirectResponse("/me", 303)
    return await show_form(request, {}, {})


async def join(form: Annotated[NewMember, Form()], member: CurrentMember, visitor: Visitor) -> Response:
    """Let somebody join."""
    response = RedirectResponse("/me", 303)
    if member is not None:
        return response
    if form.favourite and await catalogue.repository.get_genre(form.favourite) is None:
        raise InvalidFields({"favourite": "is none of the choices"})
    visitor = visitor or make_visitor()
    await repository.add_member(
        name=form.name.strip(),
        email=form.email,
        city=form.city.strip(),
        favourite=form.favourite,
        visitor=visitor,
    )
    keep_visitor(response, visitor)
    return response


async def show_me(request: Request, member: CurrentMember) -> Response:
    """Show a member what the shop knows of them, their list, and what others have on theirs."""
    if member is None:
        return RedirectResponse("/join", 303)
    wishes = await repository.list_wishes(member)
    others = await repository.list_most_wished(without=wishes, most=6)
    return await render(request, "members/me.html", {"member": member, "wishes": wishes, "others": others})


async def add_wish(book_id: Annotated[BookId, Form()], member: CurrentMember) -> Response:
    """Put a book on the list of a member."""
    if member is None:
        return RedirectResponse("/join", 303)
    if not await repository.add_wish(member, book_id):
        raise NotFound(f"There is no book number {book_id}.")
    return RedirectResponse("/me", 303)


async def drop_wish(book_id: Annotated[BookId, Form()], member: CurrentMember) -> Response:
    """Take a book off the list of a member."""
    if member is not None:
        await repository.drop_wish(member, book_id)
    return RedirectResponse("/me", 303)


@shows_form("/join")
async def show_form(request: Request, values: Mapping[str, str], faults: Mapping[str, str]) -> HTMLResponse:
    """Show the form for joining, with the faults of what was sent."""
    context = {
        "values": values,
        "faults": faults,
        "genres": await catalogue.repository.list_genres(),
        "readers": await repository.count_members(),
    }
    return await render(request, "members/join.html", context, 422 if faults else 200)
