"""The call plan of a route: source code written for one handler, so that a request does only what it needs.

Theory of operation. A handler's arguments are known when its route is registered; what remains for a request is to
fetch and convert values. The plan is one coroutine function whose source holds just these steps, for example::

    async def plan(scope, receive, values):
        errors = []
        ...                                     # query: the values of the query by name
        text = query.get('page')
        if text is None:
            v_1 = default_2
        elif len(text) < 19 and text.isdigit() and text.isascii():
            v_1 = int(text)
        else:
            ...
        if errors:
            raise ValidationError(errors)
        result = await handler(values[0], v_1)
        ...

Dependencies come first, each with the values that it asks for itself: one whose own values are wrong, or that needs one
which could not be made, is left out, and all others are called. So a dependency that refuses a request has its say
whatever else is wrong with it. Those that need the body or a form come after the others, and what only the handler asks
for comes last: no body is read for a client that is refused without it. All faults are still told at once.

Source is compiled at a route's first request: it takes about half a millisecond, which 500 routes would feel at the
start.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, nullcontext
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, cast, get_args, get_origin

from openviper.exceptions import ValidationError
from openviper.http.coercion import coerce_answer
from openviper.http.request import Request
from openviper.http.response import PlainTextResponse, Response
from openviper.primitives.json import carry, dumps, encode, struct_encoder
from openviper.primitives.threads import DEFAULT_POOL_SIZE, run_in_pool
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Dependency, Handler, Style
from openviper.routing.exceptions import RouteError
from openviper.routing.kinds import is_struct
from openviper.routing.payload import PayloadWriter
from openviper.routing.route import Plan, Route
from openviper.routing.script import Script
from openviper.routing.values import ValueWriter
from openviper.types import ASGIApp, Receive, Scope

if TYPE_CHECKING:
    from openviper.routing.overrides import Overrides

__all__ = ["compile_plan"]

_HEAD = "async def plan(scope, receive, values):"


def compile_plan(route: Route, *, max_body_bytes: int, pool_size: int = DEFAULT_POOL_SIZE) -> Plan:
    """Write and compile the plan of a route.

    Args:
        route: The route as it stands below every prefix.
        max_body_bytes: Limit of the bodies that it reads, in bytes.
        pool_size: Threads of the pool for handlers and dependencies that block.

    Returns:
        A coroutine function of scope, receive and the values of the path; it gives the response, or the bytes of a JSON
        text. It raises ValidationError (422) naming every argument whose value is missing or cannot be converted.

    Raises:
        RouteError: The type of the body, or a dependency of the route, cannot be used.
    """
    return _Plans(route, max_body_bytes, pool_size).compile({}, is_final=False)


class _Plans:
    """The plan of a route, and those in which dependencies are replaced, as tests do."""

    def __init__(self, route: Route, max_body_bytes: int, pool_size: int) -> None:
        self._route = route
        self._limits = (max_body_bytes, pool_size)
        self._replaced: dict[tuple[object, ...], Plan] = {}

    def compile(self, overrides: "Overrides", *, is_final: bool) -> Plan:
        """Compile one plan; a final one asks no more whether dependencies are replaced."""
        writer = _PlanWriter(self._route, *self._limits, overrides)
        return writer.compile(None if is_final else self.serve_replaced)

    async def serve_replaced(
        self, overrides: "Overrides", scope: Scope, receive: Receive, values: Sequence[object]
    ) -> ASGIApp | bytes | str:
        """Serve a request while dependencies are replaced."""
        # By identity, as what replaces one need not be hashable; the plan keeps it alive.
        key = tuple((call, id(other)) for call, other in overrides.items())
        plan = self._replaced.get(key)
        if plan is None:
            plan = self.compile(dict(overrides), is_final=True)
            self._replaced = {key: plan}  # of the last replacement only, since a suite of tests makes many
        return await plan(scope, receive, values)


class _PlanWriter:
    """Writes one plan: the order of its steps, and the calls."""

    def __init__(self, route: Route, max_body_bytes: int, pool_size: int, overrides: "Overrides") -> None:
        self._route = route
        self._handler = route.handler
        extra = route.read_dependencies()
        self._arguments = list(route.signature.arguments)
        if overrides:
            from openviper.routing.overrides import resolve, resolve_argument  # only tests replace dependencies

            extra = [resolve(one, overrides, self._handler) for one in extra]
            self._arguments = [resolve_argument(one, overrides, self._handler) for one in self._arguments]
            route.check_dependencies([*extra, *_dependencies_of(self._arguments)])
        # Several arguments share one result, and the values that it is made of are fetched once.
        self._dependencies = _in_order([*extra, *_dependencies_of(self._arguments)])
        self._script = Script()
        own = [a for one in self._dependencies.values() for a in one.signature.arguments]
        everything = [*self._arguments, *own]
        self._payload = PayloadWriter(
            self._script, [one for one in everything if one.kind == "body"], route.signature.name
        )
        self._values = ValueWriter(
            self._script, route.pattern.parameters, max_body_bytes=max_body_bytes, asked=everything
        )
        self._has_errors = any(map(self._may_be_refused, everything))
        # Whether one of the lines written so far may have found an error.
        self._may_have_failed = False
        # What stands for an argument that has been fetched, and for what a dependency made; and what tells whether it
        # was made, where that is not certain.
        self._fetched: dict[int, str] = {}
        self._made: dict[object, str] = {}
        self._ready: dict[object, str] = {}
        self._script.names |= {"pool_size": pool_size, "Response": Response}

    def compile(self, serve_replaced: Callable[..., object] | None) -> Plan:
        """Compile the plan; its traceback lines name the handler."""
        script = self._script
        if self._dependencies and serve_replaced is not None:
            script.names["serve_replaced"] = serve_replaced
            script.add(
                "app = scope.get('app')",
                "if app is not None and app.dependency_overrides:",
                "    return await serve_replaced(app.dependency_overrides, scope, receive, values)",
            )
        if parameters := self._route.pattern.parameters:
            pairs = ", ".join(f"{parameter.name!r}: values[{index}]" for index, parameter in enumerate(parameters))
            script.add(f"scope['path_params'] = {{{pairs}}}")
        if self._has_errors:
            script.add("errors = []")
        has_exits = any(one.cleans_up and not _is_lasting(one) for one in self._dependencies.values())
        if has_exits:
            script.names["AsyncExitStack"] = AsyncExitStack
        with script.block("async with AsyncExitStack() as exits:") if has_exits else nullcontext():
            self._write_steps()
            if has_exits:
                from openviper.routing.exits import keep_open  # only what cleans up needs it

                script.add(f"{script.bind('keep_open', keep_open)}(exits, answer, scope)")
        script.add("return answer")
        namespace = dict(script.names)
        code = compile(script.source(_HEAD), f"<plan of {self._route.signature.name}>", "exec")
        exec(code, namespace)  # noqa: S102 - see Script: no text of a project or client is in it
        return cast("Plan", namespace["plan"])

    def _write_steps(self) -> None:
        script = self._script
        for reads_body in (False, True):
            for dependency in self._dependencies.values():
                if _reads_body(dependency) is reads_body:
                    self._write_dependency(dependency)
        self._fetch(self._arguments)
        if any(one.kind == "body" for one in self._arguments):
            self._payload.write()
        if self._has_errors:
            script.names["ValidationError"] = ValidationError
            script.add("if errors:", "    raise ValidationError(errors)")
        call = _write_call(script, self._handler, self._route.signature.style, self._written(self._arguments))
        script.add(f"result = {call}")
        self._write_answer()

    def _may_be_refused(self, argument: Argument) -> bool:
        if argument.kind in ("request", "dependency"):
            return False
        if self._values.is_in_path(argument):
            position = [one.name for one in self._route.pattern.parameters].index(argument.sent_as)
            return argument.converts(self._route.pattern.parameters[position].converter)
        return argument.is_annotated

    def _fetch(self, arguments: Iterable[Argument]) -> None:
        for argument in arguments:
            if argument.kind in ("body", "dependency") or id(argument) in self._fetched:
                continue
            is_sent = argument.is_annotated or self._values.is_in_path(argument)
            if argument.kind == "request" or not is_sent:
                kind = argument.annotation if argument.is_annotated else Request
                value = f"{self._script.bind('kind', kind)}(scope, receive, max_body_bytes)"
            else:
                value = self._values.write(argument)
            self._fetched[id(argument)] = value

    def _write_dependency(self, dependency: Dependency) -> str:
        """Write the lines that make what a dependency gives; give what stands for it."""
        key = _key(dependency)
        if key in self._made:
            return self._made[key]
        script, dependency = self._script, self._dependencies[key]
        name = self._made[key] = script.local("made")
        if _is_lasting(dependency):
            script.names["get_lasting"] = _get_lasting
            identity = script.bind("identity", dependency.identity)
            bound = script.bind("dependency", dependency)
            script.add(f"{name} = await get_lasting(scope, {bound}, {identity}, pool_size)")
            return name
        given = dependency.signature.arguments
        for inner in _dependencies_of(given):
            self._write_dependency(inner)
        needed = [self._ready[_key(one)] for one in _dependencies_of(given) if _key(one) in self._ready]
        needed += self._write_own_values(given)
        if not needed:
            script.add(f"{name} = {self._write_making(dependency)}")
            return name
        ready = self._ready[key] = script.local("ready")
        script.add(f"{ready} = {' and '.join(dict.fromkeys(needed))}")
        with script.block(f"if {ready}:"):
            script.add(f"{name} = {self._write_making(dependency)}")
        return name

    def _write_own_values(self, arguments: Sequence[Argument]) -> list[str]:
        """Write the lines that fetch what a dependency asks for itself; give what must be true for it to be called."""
        needed = []
        if any(one.kind == "body" for one in arguments):
            needed.append(self._payload.write_ready())
            self._may_have_failed = True
        is_refusable = any(self._may_be_refused(one) for one in arguments if one.kind != "body")
        if is_refusable and self._may_have_failed:
            before = self._script.local("before")
            self._script.add(f"{before} = len(errors)")
            needed.append(f"len(errors) == {before}")
        elif is_refusable:
            needed.append("not errors")
        self._fetch(arguments)
        self._may_have_failed |= is_refusable
        return needed

    def _write_making(self, dependency: Dependency) -> str:
        script, style = self._script, dependency.signature.style
        arguments = self._written(dependency.signature.arguments)
        if style == "function" and not dependency.marker.blocking:
            style = "class"
        call = _write_call(script, dependency.call, style, arguments)
        if not dependency.cleans_up:
            if dependency.signature.style == "function":
                script.names["checked"] = _checked
                call = f"checked({call})"
            return call
        from openviper.routing.exits import enter_async, enter_blocking, enter_made  # only what cleans up needs it

        script.names |= {"enter_async": enter_async, "enter_blocking": enter_blocking, "enter_made": enter_made}
        if dependency.hides_generator:
            return f"await enter_made(exits, pool_size, {call})"
        if style == "async generator":
            return f"await enter_async(exits, {call})"
        return f"await enter_blocking(exits, pool_size, {call})"

    def _written(self, arguments: Sequence[Argument]) -> str:
        """Write the arguments of a call."""
        parts = []
        for argument in arguments:
            if argument.dependency is not None:
                value = self._made[_key(argument.dependency)]
            elif argument.kind == "body":
                value = self._payload.values[id(argument)]
            else:
                value = self._fetched[id(argument)]
            parts.append(value if argument.is_positional else f"{argument.name}={value}")
        return ", ".join(parts)

    def _write_answer(self) -> None:
        """Write the lines that make the answer of what the handler returned."""
        script, status = self._script, self._route.status_code
        script.names |= {"dumps": dumps, "carry": carry, "encode": encode}
        script.names |= {"coerce": coerce_answer, "status": status}
        # bytes are an answer of status 200; another one needs a response around them.
        around = "{}" if status == 200 else "Response({}, status, None, 'application/json')"
        script.add("kind = result.__class__", "if kind is dict or kind is list:")
        # A list that is said to hold Structs is written by what knows them: 15 times as fast for 100 rows.
        returns = self._route.signature.returns
        holds_structs = get_origin(returns) is list and any(map(is_struct, get_args(returns)))
        data = "encode_struct(result)" if holds_structs else "dumps(result, carry)"
        script.add("    try:", f"        answer = {around.format(data)}")
        script.add("    except TypeError:", f"        answer = {around.format('encode(result)')}")
        if "msgspec" in sys.modules:
            # Where the package has not been loaded, nobody returns a Struct yet; one made later goes the last way.
            import msgspec

            script.names |= {"StructMeta": type(msgspec.Struct), "encode_struct": struct_encoder()}
            script.add("elif kind.__class__ is StructMeta:", f"    answer = {around.format('encode_struct(result)')}")
        script.names["PlainTextResponse"] = PlainTextResponse
        text = "result" if status == 200 else "PlainTextResponse(result, status)"
        script.add("elif kind is str:", f"    answer = {text}")
        script.add("elif isinstance(result, Response):", "    answer = result")
        script.add("else:", "    answer = coerce(result, status)")


def _write_call(script: Script, call: Callable[..., object], style: Style, arguments: str) -> str:
    name = script.bind("call", call)
    if style == "coroutine":
        return f"await {name}({arguments})"
    if style == "function":
        script.names["call_blocking"] = _call_blocking
        return f"await call_blocking(pool_size, {name}{arguments and ', '}{arguments})"
    return f"{name}({arguments})"


def _dependencies_of(arguments: Iterable[Argument]) -> Iterable[Dependency]:
    return (one.dependency for one in arguments if one.dependency is not None)


def _in_order(dependencies: Iterable[Dependency]) -> dict[object, Dependency]:
    """Give each dependency once, by its key, after those that it needs."""
    found: dict[object, Dependency] = {}

    def collect(one: Dependency) -> None:
        if _key(one) in found:
            return
        # What lasts longer than a request asks for nothing of it.
        for inner in () if _is_lasting(one) else _dependencies_of(one.signature.arguments):
            collect(inner)
        found[_key(one)] = one

    for one in dependencies:
        collect(one)
    return found


def _key(dependency: Dependency) -> object:
    """Give what two dependencies have in common that share one result in a request."""
    return (dependency.identity, dependency.marker.scope) if dependency.marker.use_cache else id(dependency)


def _reads_body(dependency: Dependency) -> bool:
    """Tell whether a dependency, or one that it needs, asks for the body or a form."""
    return any(one.kind in ("body", "form", "file") for one in dependency.signature.iter_arguments())


def _checked(made: object) -> object:
    """Refuse a generator that nobody would run, a guard perhaps; one that an expression makes is a value like others.

    Raises:
        RuntimeError: It is one.
    """
    is_forgotten = isinstance(made, GeneratorType) and made.__name__ != "<genexpr>"
    if is_forgotten or isinstance(made, AsyncGeneratorType):
        raise RuntimeError(
            f"a dependency gave the generator {made!r}, which nobody runs; use functools.wraps in the decorator "
            "around it, or give a list"
        )
    return made


def _is_lasting(dependency: Dependency) -> bool:
    return dependency.marker.scope == "app"


async def _get_lasting(scope: Scope, dependency: Dependency, identity: object, pool_size: int) -> object:
    app = scope.get("app")
    if app is None:
        raise RouteError(
            f"{dependency.signature.name} lives as long as the application, and there is none in the scope"
        )
    if app.lasting_dependencies is None:
        # The application holds it from the first use on, and closes it.
        from openviper.routing.lasting import LastingDependencies

        app.lasting_dependencies = LastingDependencies(pool_size)
    made = app.lasting_dependencies.made.get(identity, UNSET)
    return await app.lasting_dependencies.get(dependency) if made is UNSET else made


async def _call_blocking(pool_size: int, function: Handler, *args: object, **kwargs: object) -> object:
    """Run a plain function off the loop; what it gives is awaited if it can be (a decorator may hide a coroutine)."""
    result = await run_in_pool(pool_size, function, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result
