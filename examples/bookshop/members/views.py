"""The pages of the members."""

import datetime as dt
from collections.abc import Mapping

from openviper import HTMLResponse, RedirectResponse, Request, Response, render

import catalogue.repository
from bookshop.forms import Fields, InvalidFields, read_form
from members import repository
from members.visitor import keep_visitor, make_visitor, read_visitor


async def show_join(request: Request) -> Response:
    """Show the form for joining; a member goes to their own page."""
    if await repository.find_member(read_visitor(request)) is not None:
        return RedirectResponse("/me", 303)
    return await _show_form(request, {}, {})


async def join(request: Request) -> Response:
    """Let somebody join, or say what is wrong in the form."""
    visitor = read_visitor(request) or make_visitor()
    if await repository.find_member(visitor) is not None:
        return RedirectResponse("/me", 303)
    values = await read_form(request)
    try:
        fields = await read_member(values)
    except InvalidFields as error:
        return await _show_form(request, values, error.faults)
    await repository.add_member(**fields, today=dt.datetime.now(dt.UTC).date(), visitor=visitor)
    response = RedirectResponse("/me", 303)
    keep_visitor(response, visitor)
    return response


async def show_me(request: Request) -> Response:
    """Show a member what the shop knows of them."""
    member = await repository.find_member(read_visitor(request))
    if member is None:
        return RedirectResponse("/join", 303)
    genre = await catalogue.repository.get_genre(member.favourite)
    return await render(request, "members/me.html", {"member": member, "genre": genre})


async def read_member(values: Mapping[str, str]) -> dict[str, str]:
    """Read what somebody wrote who wants to join.

    Raises:
        InvalidFields: Something in there cannot be used (422).
    """
    fields = Fields(values)
    genres = [genre.slug for genre in await catalogue.repository.list_genres()]
    member = {
        "name": fields.text("name", most=60),
        "email": fields.email("email"),
        "city": fields.text("city", most=60),
        "favourite": fields.choice("favourite", genres),
    }
    fields.check()
    return member


async def _show_form(request: Request, values: Mapping[str, str], faults: Mapping[str, str]) -> HTMLResponse:
    context = {
        "values": values,
        "faults": faults,
        "genres": await catalogue.repository.list_genres(),
        "readers": (await repository.count_rows())["members"],
    }
    return await render(request, "members/join.html", context, 422 if faults else 200)
