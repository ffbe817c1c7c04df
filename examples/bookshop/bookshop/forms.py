"""Forms with faults: shown again, with what was typed and what is wrong about it.

The fields of a form are checked before its view is called, so it is the answer to the error that shows the form.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from openviper import Request, Response, ValidationError

from bookshop.errors import InvalidFields, answer_error, wants_page

#: Shows a form: with the request, what was typed, and what is wrong by field.
ShowForm: TypeAlias = Callable[[Request, Mapping[str, str], Mapping[str, str]], Awaitable[Response]]

_forms: dict[str, ShowForm] = {}


def shows_form(path: str) -> Callable[[ShowForm], ShowForm]:
    """Let a function show the form again that is sent to a path."""

    def remember(show: ShowForm) -> ShowForm:
        _forms[path] = show
        return show

    return remember


async def answer_faults(request: Request, error: ValidationError) -> Response:
    """Answer values that cannot be used: with the form for people who sent one, as any error otherwise."""
    show = _forms.get(request.path)
    if show is None or not wants_page(request):
        return await answer_error(request, error)
    # Read for the view already, and kept by the request.
    form = await request.form()
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    return await show(request, values, describe_faults(error, values))


def describe_faults(error: ValidationError, values: Mapping[str, str]) -> dict[str, str]:
    """Say for people what is wrong with each field; what the framework says is meant for programs."""
    if isinstance(error, InvalidFields):
        return error.faults
    fields = [str(fault["field"]) for fault in error.validation_errors if isinstance(fault, dict)]
    return {name: "cannot be used like this" if values.get(name, "").strip() else "is missing" for name in fields}
