"""Answers that views give all the time, in one call."""

from collections.abc import Mapping

from openviper.http.request import Request
from openviper.http.response import HTMLResponse

__all__ = ["render"]


async def render(
    request: Request,
    name: str,
    context: Mapping[str, object] | None = None,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Answer with a page made from a template, without holding up the loop.

    The template has what the ``CONTEXT_PROCESSORS`` give, over that the context, and ``request``. The first pages,
    and the rest of a page that takes long, are rendered in a thread: functions that the template calls may run there.
    A template whose name ends in ``.txt`` or ``.md`` is sent as plain text.

    Args:
        request: The request that is answered.
        name: Path below a folder of templates: ``shop/page.html``.
        context: The names that the template has besides; None gives none.
        status_code: The HTTP status.
        headers: Further header fields; None means none.

    Raises:
        TemplateNotFoundError: The template, or one that it names, cannot be found (a LookupError).
        TemplateError: A template is wrong; the message holds file and line.
        ImproperlyConfigured: ``CONTEXT_PROCESSORS`` or ``JINJA_PLUGINS`` cannot work.
        Exception: Whatever a context processor raises, or a function that the template calls.
    """
    # Templates are a floor that a site without them never loads.
    from openviper.templating.engine import arender_to_string
    from openviper.templating.kinds import is_plain_text
    from openviper.templating.processors import gather_context

    values = {**await gather_context(request), **(context or {}), "request": request}
    media_type = "text/plain" if is_plain_text(name) else None  # nothing is escaped in it
    return HTMLResponse(await arender_to_string(name, values), status_code, headers, media_type)
