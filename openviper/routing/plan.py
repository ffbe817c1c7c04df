"""The call plan of a route: source code written for one handler, so that a request does only what it needs.

Theory of operation. A handler's arguments are known when its route is registered; what remains for a request is to
fetch and convert values. The plan is one coroutine function whose source holds just these steps, for example::

    async def plan(scope, receive, values):
        errors = []
        query = QueryParams(scope['query_string'])
        text = query.get('page')
        if text is None:
            v1 = default1
        else:
            try:
                v1 = read1(text)
            except unreadable:
                errors.append(refuse1(text))
        if errors:
            raise ValidationError(errors)
        result = await handler(values[0], v1)
        ...

Only names chosen here and ``repr`` of strings reach the source; objects of the project are passed in by name. Source is
compiled at a route's first request: it takes about half a millisecond, which 500 routes would feel at the start.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from openviper.exceptions import ValidationError
from openviper.http.coercion import coerce_response
from openviper.http.request import Request
from openviper.http.response import JSONResponse, Response
from openviper.http.url import QueryParams
from openviper.primitives.threads import run_in_thread
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Handler
from openviper.routing.readers import Reader, find_reader, name_expected
from openviper.routing.route import Route
from openviper.types import Receive, Scope

__all__ = ["Plan", "compile_plan"]

Plan: TypeAlias = Callable[[Scope, Receive, Sequence[object]], Awaitable[Response]]


def compile_plan(route: Route, *, max_body_bytes: int) -> Plan:
    """Write and compile the plan of a route.

    Args:
        route: The route as it stands below every prefix.
        max_body_bytes: Limit of the requests that the handler is given, in bytes.

    Returns:
        A coroutine function of scope, receive and the values of the path; it gives the response. It raises
        ValidationError (422) naming every argument whose value is missing or cannot be converted.
    """
    writer = _PlanWriter(route, max_body_bytes)
    return writer.compile()


class _PlanWriter:
    """Collects the lines of one plan and the objects that they name."""

    def __init__(self, route: Route, max_body_bytes: int) -> None:
        self._route = route
        self._path_names = [parameter.name for parameter in route.pattern.parameters]
        self._body: list[str] = []
        self._has_errors = False
        self._has_query = False
        self._names: dict[str, object] = {
            "Request": Request,
            "QueryParams": QueryParams,
            "JSONResponse": JSONResponse,
            "Response": Response,
            "ValidationError": ValidationError,
            "coerce": coerce_response,
            "handler": route.handler,
            "call_sync": _call_sync,
            "max_body_bytes": max_body_bytes,
            "path_names": self._path_names,
            "unreadable": ValueError,
        }

    def compile(self) -> Plan:
        """Compile the plan; its traceback lines name the handler."""
        arguments = [self._write_argument(n, argument) for n, argument in enumerate(self._route.signature.arguments)]
        source = self._source(", ".join(arguments))
        code = compile(source, f"<plan of {self._route.signature.name}>", "exec")
        namespace = dict(self._names)
        exec(code, namespace)  # noqa: S102 - see the theory of operation: no text of a project or client is in it
        plan: Plan = namespace["plan"]  # type: ignore[assignment]  # made by the line above
        return plan

    def _source(self, arguments: str) -> str:
        head = ["scope['path_params'] = dict(zip(path_names, values))"] if self._path_names else []
        if self._has_errors:
            head.append("errors = []")
            self._body += ["if errors:", "    raise ValidationError(errors)"]
        if self._has_query:
            head.append("query = QueryParams(scope['query_string'])")
        if self._route.signature.is_async:
            call = f"await handler({arguments})"
        else:
            call = f"await call_sync(handler{', ' if arguments else ''}{arguments})"
        tail = [
            f"result = {call}",
            "kind = result.__class__",
            "if kind is dict or kind is list:",
            "    return JSONResponse(result)",
            "return result if isinstance(result, Response) else coerce(result)",
        ]
        lines = [*head, *self._body, *tail]
        return "async def plan(scope, receive, values):\n" + "".join(f"    {line}\n" for line in lines)

    def _write_argument(self, number: int, argument: Argument) -> str:
        """Write the lines that fetch one argument; give what stands for it in the call."""
        if argument.name in self._path_names:
            value = self._write_path_value(number, argument)
        elif argument.kind == "request" or not argument.is_annotated:
            value = self._write_request(number, argument)
        else:
            value = self._write_query_value(number, argument)
        return value if argument.is_positional else f"{argument.name}={value}"

    def _write_request(self, number: int, argument: Argument) -> str:
        self._names[f"kind{number}"] = argument.annotation if argument.is_annotated else Request
        return f"kind{number}(scope, receive, max_body_bytes)"

    def _write_path_value(self, number: int, argument: Argument) -> str:
        position = self._path_names.index(argument.name)
        value = f"values[{position}]"
        if not argument.converts(self._route.pattern.parameters[position].converter):
            return value
        self._write_conversion(number, argument, source="path")
        self._body += self._guarded(number, value, "")
        return f"v{number}"

    def _write_query_value(self, number: int, argument: Argument) -> str:
        self._has_query = True
        self._write_conversion(number, argument, source="query")
        self._names[f"default{number}"] = argument.default
        if argument.default is UNSET:
            self._names[f"missing{number}"] = _fault(argument.name, "query", "missing", "A value is required.")
            absent = f"errors.append(missing{number})"
        elif isinstance(argument.default, list | dict | set):
            absent = f"v{number} = default{number}.copy()"  # a shared default would remember earlier requests
        else:
            absent = f"v{number} = default{number}"
        fetch = "getlist" if argument.is_list else "get"
        self._body += [
            f"text = query.{fetch}({argument.name!r})",
            "if not text:" if argument.is_list else "if text is None:",
            f"    {absent}",
            "else:",
            *self._guarded(number, "text", "    "),
        ]
        return f"v{number}"

    def _guarded(self, number: int, text: str, indent: str) -> list[str]:
        lines = [
            "try:",
            f"    v{number} = read{number}({text})",
            "except unreadable:",
            f"    errors.append(refuse{number}({text}))",
        ]
        return [f"{indent}{line}" for line in lines]

    def _write_conversion(self, number: int, argument: Argument, *, source: str) -> None:
        self._has_errors = True
        read = find_reader(argument.annotation)
        self._names[f"read{number}"] = functools.partial(_read_each, read) if argument.is_list else read
        self._names[f"refuse{number}"] = functools.partial(_refuse, argument, source)


def _read_each(read: Reader, texts: list[str]) -> list[object]:
    return [read(text) for text in texts]


def _refuse(argument: Argument, source: str, text: object) -> dict[str, object]:
    expected = name_expected(argument.annotation) + (" for each value" if argument.is_list else "")
    return _fault(argument.name, source, "invalid", f"{text!r} is not {expected}.")


def _fault(field: str, source: str, kind: str, message: str) -> dict[str, object]:
    return {"field": field, "in": source, "type": kind, "message": message}


async def _call_sync(handler: Handler, *args: object, **kwargs: object) -> object:
    """Run a plain function off the loop; what it gives is awaited if it can be (a decorator may hide a coroutine)."""
    result = await run_in_thread(handler, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result
