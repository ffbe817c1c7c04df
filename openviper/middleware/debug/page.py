"""The pages of errors for a developer: without a script, and with everything foreign in them as text."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Final

from openviper.exceptions import HTTPException
from openviper.http.response import HTMLResponse
from openviper.middleware.debug.facts import Rows, request_facts, settings_facts, show_path, version_facts
from openviper.middleware.debug.frames import Failure, Frame, read_failures
from openviper.middleware.debug.nearest import Candidate, nearest_routes
from openviper.middleware.debug.queries import Queries, queries_of
from openviper.middleware.debug.values import one_page, show_value
from openviper.middleware.pages import build_page
from openviper.routing.router import Router
from openviper.types import Scope

__all__ = ["error_page", "routes_page"]

_MOST_ROUTES: Final = 200
# A page with values in it is nobody's to keep.
_HEADERS: Final = {"cache-control": "no-store"}


def error_page(scope: Scope, error: BaseException, *, text: str) -> HTMLResponse:
    """Build the page of an exception that nobody answered, status 500.

    Args:
        scope: The request, an ASGI scope of type http.
        error: The exception, with its traceback.
        text: The traceback as text.
    """
    with one_page(scope):
        failures = read_failures(error)
        first = failures[0]
        head = _head(scope, 500, first.kind, first.message, first)
        sections = [_failure(failure, place) for place, failure in enumerate(failures)]
        sections += [_queries(queries_of(scope)), *_facts(scope)]
    sections.append(_folded("Traceback as text", f'<pre class="text" tabindex="0">{escape(text)}</pre>'))
    return _page(f"{first.kind}: {first.message}"[:120], head, sections, status=500)


def routes_page(scope: Scope, error: HTTPException, router: Router) -> HTMLResponse:
    """Build the page of an address that leads nowhere: the routes that there are, the nearest first.

    Args:
        scope: The request, an ASGI scope of type http.
        error: A 404 or 405, with its traceback.
        router: Has the routes.
    """
    with one_page(scope):
        failure = read_failures(error)[0]
        detail = error.detail if isinstance(error.detail, str) else show_value(error.detail)
        head = _head(scope, error.status_code, f"{error.status_code} {type(error).__name__}", detail, failure)
        # The framework's own frames only say that no route was found.
        sections = [_failure(failure, 0)] if failure.has_project_frame else []
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")) or "/"
        sections.append(_routes(nearest_routes(router, scope["method"], path)))
        sections += _facts(scope)
        title = f"{error.status_code} {show_path(scope)}"[:120]
    return _page(title, head, sections, status=error.status_code, error=error)


def _page(
    title: str, head: str, sections: Sequence[str], *, status: int, error: HTTPException | None = None
) -> HTMLResponse:
    style = files("openviper.middleware.debug").joinpath("page.css").read_text(encoding="utf-8")
    foot = (
        "<footer>This page is shown while <code>DEBUG</code> is on; visitors of a deployed site never see it.</footer>"
    )
    body = f"{head}<main>\n{''.join(sections)}{foot}\n</main>\n"
    return build_page(title, body, style=style, status=status, headers={**(error.headers if error else {}), **_HEADERS})


def _head(scope: Scope, status: int, kind: str, message: str, failure: Failure) -> str:
    method, path = escape(str(scope.get("method", ""))), escape(show_path(scope))
    lines = [f'<p class="asked">{status} · {method} <code>{path}</code></p>', f"<h1>{escape(kind)}</h1>"]
    if message:
        lines.append(f'<pre class="message">{escape(message)}</pre>')
    lines += _remarks(failure)
    return f'<div class="top"><header>\n{_joined(lines)}</header></div>\n'


def _remarks(failure: Failure) -> Iterator[str]:
    for note in failure.notes:
        yield f'<p class="notes">{escape(note)}</p>'
    if failure.docs is not None:
        yield f'<p class="see">Described in the documentation: <code>{escape(failure.docs)}</code></p>'


def _failure(failure: Failure, place: int) -> str:
    """Write the frames of one exception; below the first each one names itself."""
    lines = []
    if place:
        message = f'<pre class="message">{escape(failure.message)}</pre>' if failure.message else ""
        title = f"<h2>{escape(failure.relation)}: {escape(failure.kind)}</h2>"
        lines.append(f'<div class="cause">{title}{message}{"".join(_remarks(failure))}</div>')
    elif failure.frames:
        lines.append("<h2>Traceback <small>the most recent call first</small></h2>")
    # What is looked for first: the project's own code that is nearest to the error, or what raised where there is none.
    central = next((frame for frame in failure.frames if frame.is_project), next(iter(failure.frames), None))
    for is_project, group in groupby(failure.frames, lambda frame: frame.is_project):
        frames = list(group)
        written = [_frame(one, is_open=is_project or one is central, tells_all=one is central) for one in frames]
        if is_project:
            lines += written
        else:
            is_open = " open" if any(one is central for one in frames) else ""
            lines.append(f'<details class="library"{is_open}><summary>{_count(frames)}</summary>\n')
            lines += [*written, "</details>"]
    if failure.frames_left_out:
        lines.append(f"<p>{failure.frames_left_out:,} frames in the middle are left out.</p>")
    return f"<section>\n{_joined(lines)}</section>\n"


def _count(frames: Sequence[Frame]) -> str:
    places = {frame.place.replace("\\", "/").partition("/")[0] for frame in frames}
    # Code without a file, in angle brackets, is what a library made.
    libraries = sorted(place for place in places if not place.startswith("<")) or ["generated code"]
    noun = "frame" if len(frames) == 1 else "frames"
    return f"{len(frames)} {noun} of {escape(', '.join(libraries))}"


def _frame(frame: Frame, *, is_open: bool, tells_all: bool) -> str:
    place, function = f"{escape(frame.place)}:{frame.line}", escape(frame.function)
    parts = [f'<summary><code>{place}</code> <span class="in">in</span> <code>{function}</code></summary>']
    if frame.source:
        lines = (
            f'<span data-n="{line.number}"{" class=now" if line.is_current else ""}>{escape(line.text) or " "}</span>'
            for line in frame.source
        )
        parts.append(f'<pre class="source" tabindex="0"><code>{"".join(lines)}</code></pre>')
    if frame.variables:
        noun = "variable" if len(frame.variables) == 1 else "variables"
        parts.append(
            f'<details class="variables"{" open" if tells_all else ""}><summary>{len(frame.variables)} {noun}</summary>'
            f"{_table(frame.variables)}</details>"
        )
    return f"<details{' open' if is_open else ''}>{_joined(parts)}</details>\n"


def _routes(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "<section><h2>Routes</h2><p>This application has no routes yet.</p></section>\n"
    rows = [
        f"<tr><td>{escape(one.methods)}</td><td><code>{escape(one.pattern)}</code></td>"
        f"<td><code>{escape(one.handler)}</code></td></tr>\n"
        for one in candidates[:_MOST_ROUTES]
    ]
    rest = len(candidates) - len(rows)
    more = f"<p>{rest:,} more; <code>viperctl routes</code> lists them all.</p>" if rest else ""
    return (
        "<section><h2>Routes <small>the nearest to this address first</small></h2>"
        f'<div class="box"><table class="routes">{"".join(rows)}</table></div>{more}</section>\n'
    )


def _queries(shown: Queries | None) -> str:
    if shown is None:
        return ""
    rows = []
    for one in shown.statements:
        told = f"<br>{escape(one.parameters)}" if one.parameters else ""
        rows.append(
            f"<tr><td>{escape(one.duration)}</td><td><code>{escape(one.sql)}</code>{told}</td>"
            f"<td><code>{escape(one.caller)}</code></td></tr>\n"
        )
    return (
        f"<section><h2>Queries <small>{escape(shown.summary)}</small></h2>"
        f'<div class="box"><table class="queries">{"".join(rows)}</table></div></section>\n'
    )


def _facts(scope: Scope) -> list[str]:
    tables = "".join(f"<h2>{escape(title)}</h2>{_boxed(rows)}" for title, rows in request_facts(scope).items())
    folded = {"Settings": settings_facts(), "Versions": version_facts()}
    return [
        f"<section>\n{tables}</section>\n",
        *(_folded(title, _table(rows)) for title, rows in folded.items() if rows),
    ]


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n{content}</details>\n"


def _boxed(rows: Rows) -> str:
    return f'<div class="box">{_table(rows)}</div>'


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td class="value">{escape(text)}</td></tr>\n'
        for name, text in rows
    )
    return f"<table>{''.join(cells)}</table>\n"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
