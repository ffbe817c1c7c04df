"""The part of a plan that reads the typed body: once for all that ask for it, the handler and its dependencies."""

from collections.abc import Iterable, Sequence
from typing import Final

from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument
from openviper.routing.exceptions import RouteError
from openviper.routing.kinds import split_optional
from openviper.routing.params import Body
from openviper.routing.route import Route
from openviper.routing.script import Script

__all__ = ["PayloadWriter", "check_bodies", "merge_bodies"]


class PayloadWriter:
    """Writes the lines that read and decode the body.

    Args:
        script: Where the lines go; ``errors`` is a name in it.
        arguments: All that come from the body.
        handler: Name of the handler, for a message.
    """

    def __init__(self, script: Script, arguments: Sequence[Argument], handler: str) -> None:
        self._script = script
        self._arguments = arguments
        self._handler = handler
        #: What stands for each argument, by its identity; empty until ``write``.
        self.values: dict[int, str] = {}
        #: What tells whether the body was as it should be.
        self.ready = ""

    def write(self) -> None:
        """Write the lines; a second call writes nothing."""
        if self.values:
            return
        # Loads msgspec, which would cost every start 5 ms; the first request to such a route pays once.
        from openviper.routing.bodies import UNDECODABLE, BodyReader, check_json_type, read_rest

        script, bodies = self._script, merge_bodies(self._arguments, self._handler)
        reader = BodyReader(list(bodies.values()), self._handler)
        attributes = dict(zip(bodies, reader.attributes or [""], strict=True))
        script.names |= {
            "check_json_type": check_json_type, "read_rest": read_rest, "undecodable": UNDECODABLE,
            "decode": reader.decode, "explain": reader.explain, "missing_body": reader.missing(), "UNSET": UNSET,
        }  # fmt: skip
        script.add(*_READ_BODY)
        self.values = {id(argument): script.local("v") for argument in self._arguments}
        with script.block("if not body:"):
            for argument in self._arguments:
                self._write_absent(argument)
        with script.block("else:"):
            script.add("try:", "    decoded = decode(body)")
            script.add("except undecodable as error:", "    errors += await explain(scope, receive, error)")
            with script.block("else:"):
                for argument in self._arguments:
                    self._write_part(argument, attributes[argument.sent_as])

    def write_ready(self) -> str:
        """Write the lines, if they are not there yet, and one that notes whether they found no error; give its name."""
        if not self.ready:
            before, self.ready = self._script.local("before"), self._script.local("ready")
            self._script.add(f"{before} = len(errors)")
            self.write()
            self._script.add(f"{self.ready} = len(errors) == {before}")
        return self.ready

    def _write_part(self, argument: Argument, attribute: str) -> None:
        name = self.values[id(argument)]
        self._script.add(f"{name} = decoded{attribute and '.' + attribute}")
        if attribute and argument.default is not UNSET:
            with self._script.block(f"if {name} is UNSET:"):
                self._write_absent(argument)

    def _write_absent(self, argument: Argument) -> None:
        if argument.default is UNSET:
            self._script.add("if missing_body not in errors:", "    errors.append(missing_body)")
        else:
            self._script.add(f"{self.values[id(argument)]} = {self._script.write_default(argument.default)}")


def merge_bodies(arguments: Iterable[Argument], handler: str) -> dict[str, Argument]:
    """Give one argument for each part of the body by its key; what handler and dependencies both ask for is one.

    Args:
        arguments: All that come from the body.
        handler: Name of the handler, for the message.

    Raises:
        RouteError: Two of one name are of different types, or of different rules.
    """
    found: dict[str, Argument] = {}
    for argument in arguments:
        other = found.setdefault(argument.sent_as, argument)
        if _describe(other) != _describe(argument):
            raise RouteError(
                f"handler {handler}: {argument.sent_as!r} is asked for in the body twice, with different types or "
                "rules; give one of them another name or an alias"
            )
        if argument.default is UNSET:  # one that must be there is not left out for the sake of the others
            found[argument.sent_as] = argument
    return found


def check_bodies(routes: Iterable[Route]) -> None:
    """See to it that the bodies of routes can be read, before the first visitor sends one.

    Raises:
        RouteError: One cannot be: two classes in a union that nothing tells apart, a class that nobody makes from JSON.
    """
    seen: list[list[tuple[object, ...]]] = []  # no set, since rules have no hash
    for route in routes:
        arguments = [one for one in route.iter_arguments() if one.kind == "body"]
        if not arguments:
            continue
        bodies = list(merge_bodies(arguments, route.signature.name).values())
        described = [_describe(one) for one in bodies]
        if described not in seen and any(one.annotation is not dict for one in bodies):
            seen.append(described)
            # Loads msgspec, which a handler with such a body needs anyway.
            from openviper.routing.bodies import BodyReader

            BodyReader(bodies, route.signature.name)


def _describe(argument: Argument) -> tuple[object, ...]:
    kind = argument.annotation if argument.declared is None else argument.declared
    single, _, metadata = split_optional(kind)
    marker = argument.marker
    others = tuple(one for one in metadata if not isinstance(one, Body))
    return single, others, {} if marker is None else marker.rules, isinstance(marker, Body) and marker.embed


# A body that comes in one message is taken here, which saves four calls; any other goes the way of ``Request.body``,
# and both keep it where ``http.bodies`` does.
_READ_BODY: Final = (
    "for name, value in scope['headers']:",
    "    if name == b'content-type':",
    "        if value != b'application/json':",
    "            check_json_type(value)",
    "        break",
    "body = scope.get('openviper.body')",
    "if body is None and 'openviper.body.early' not in scope:",
    "    message = await receive()",
    "    body = message.get('body', b'')",
    "    if message['type'] == 'http.request' and not message.get('more_body') and len(body) <= max_body_bytes:",
    "        scope['openviper.body'] = body",
    "    else:",
    "        body = await read_rest(scope, receive, message, max_body_bytes)",
    "elif body.__class__ is not bytes:",
    "    body = await Request(scope, receive, max_body_bytes).body()",
)
