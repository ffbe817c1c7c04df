"""Typed bodies: one decoder for a route, made once, and what it says of a body that it refuses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, cast

import msgspec

from openviper.exceptions import BadRequest, UnsupportedMediaType
from openviper.http.request import Request
from openviper.primitives.threads import run_in_thread
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument
from openviper.routing.completion import Completer, find_completer
from openviper.routing.exceptions import RouteError
from openviper.routing.faults import Fault, describe_fault, shorten
from openviper.routing.findings import find_faults, find_foreign, place_error
from openviper.routing.kinds import split_optional
from openviper.routing.models import ModelReader, is_fault, uses_models
from openviper.routing.params import Body
from openviper.routing.rules import find_rules, find_unkept
from openviper.types import Message, Receive, Scope

__all__ = ["UNDECODABLE", "BodyReader", "check_json_type", "read_rest"]

#: What a decoder raises for a body that it refuses: msgspec's and pydantic's errors are ValueErrors, and a body that
#: nests deeper than the stack is a RecursionError.
UNDECODABLE: Final = (ValueError, RecursionError)

_JSON_TYPE: Final = b"application/json"
# To walk 1 MB of short values takes 80 ms, which a thread does not spare, but the loop goes on meanwhile.
_LONG: Final = 64 * 1024


class BodyReader:
    """Reads the body of one route.

    Args:
        arguments: The arguments that come from the body; one takes all of it, several take a key each.
        handler: Name of the handler, for a message.

    Attributes:
        decode: From bytes to the value, or to an object with an attribute for each argument.
        attributes: The names of those attributes, in the order of the arguments; None for a value.

    Raises:
        RouteError: msgspec or pydantic cannot make sense of a type.
    """

    def __init__(self, arguments: Sequence[Argument], handler: str) -> None:
        first = arguments[0]
        embeds = len(arguments) > 1 or (isinstance(first.marker, Body) and first.marker.embed)
        self.attributes = [f"value{index}" for index in range(len(arguments))] if embeds else None
        self.decode: Callable[[bytes], object]
        # The reader of the whole body where pydantic reads it, and those of models within it by their classes.
        self._model: ModelReader | None = None
        self._models: dict[type, ModelReader] = {}
        try:
            self.decode = self._join(arguments) if embeds else self._choose_decoder(first)
        except (TypeError, ValueError, NameError) as error:
            raise RouteError(f"handler {handler}: its body cannot be described: {error}") from error

    async def explain(self, scope: Scope, receive: Receive, error: Exception) -> list[Fault]:
        """Say everything that is wrong with a body that ``decode`` refused.

        Raises:
            BadRequest: It is no JSON; the detail gives reason, line and column (400).
        """
        request = Request(scope, receive)
        body = await request.body()
        if self._model is not None:
            if isinstance(error, RecursionError) or not is_fault(error):
                await request.json()  # tells where it is no JSON
                raise BadRequest("The request body cannot be decoded.") from error
            return self._model.explain(body, cast("ValueError", error))
        try:
            if len(body) < _LONG:
                faults = self._find_faults(body)
            else:
                faults = await run_in_thread(self._find_faults, body)
        except RecursionError as deep:
            raise BadRequest("The request body is nested too deeply.") from deep
        except ValueError:
            await request.json()  # as above
            faults = []  # a number that only the typed decoder could place
        return faults or [place_error(error)]

    def missing(self) -> Fault:
        """Give the entry for a body that is not there."""
        return describe_fault("body", (), "missing", "A JSON body is required.")

    def _find_faults(self, body: bytes) -> list[Fault]:
        return find_faults(self._kind, msgspec.json.decode(body), hook=self._make_model)

    def _make_model(self, kind: type, value: object) -> object:
        """Make what msgspec does not know: a pydantic model within a Struct or beside another argument."""
        reader = self._models.get(kind)
        if reader is None:
            reader = self._models[kind] = ModelReader(kind)
        return reader.make(value)

    def _choose_decoder(self, argument: Argument) -> Callable[[bytes], object]:
        kind, rules = _declared(argument)
        if uses_models(kind):
            self._model = ModelReader(kind, rules)
            return self._model.decode
        self._kind: object = _ruled(kind, rules)
        return self._make_decoder(self._kind)

    def _join(self, arguments: Sequence[Argument]) -> Callable[[bytes], object]:
        """Make the decoder of a body that has a key for each argument."""
        names = cast("list[str]", self.attributes)
        models: dict[str, ModelReader] = {}
        decoded: dict[str, object] = {}
        told: dict[str, object] = {}
        for name, argument in zip(names, arguments, strict=True):
            kind, rules = _declared(argument)
            if uses_models(kind):
                # A model reads its own part of the text, as it reads a whole one. What stands for it in the walk that
                # finds the faults is a class that nobody knows, and its reader.
                part = type("Part", (), {})
                self._models[part] = models[name] = ModelReader(kind, rules)
                decoded[name], told[name] = msgspec.Raw, part
            else:
                decoded[name] = told[name] = _ruled(kind, rules)
        decode = self._make_decoder(_make_record(decoded, arguments))
        self._kind = _make_record(told, arguments)
        if not models:
            return decode

        def decode_parts(body: bytes) -> object:
            value = decode(body)
            for name, reader in models.items():
                text = getattr(value, name)
                if text is not UNSET:
                    setattr(value, name, reader.decode(text))
            return value

        return decode_parts

    def _make_decoder(self, kind: object) -> Callable[[bytes], object]:
        foreign = find_foreign(kind)
        if foreign is not None:
            raise TypeError(f"{foreign.__qualname__} is not made from JSON; use a Struct, a dataclass or a plain type")
        decode: Callable[[bytes], object] = msgspec.json.Decoder(cast("Any", kind), dec_hook=self._make_model).decode
        complete = find_completer(kind)
        return decode if complete is None else _completing(decode, complete)


def check_json_type(value: bytes) -> None:
    """Refuse a body whose type is not JSON.

    Args:
        value: The content-type as it was sent.

    Raises:
        UnsupportedMediaType: It is neither ``application/json`` nor of a type that ends in ``+json`` (415).
    """
    kind = value.partition(b";")[0].strip().lower()
    # RFC 6839 3.1: the suffix says that the content is JSON as well.
    if kind != _JSON_TYPE and not (kind.endswith(b"+json") and b"/" in kind):
        sent = shorten(kind.decode("latin-1"))
        raise UnsupportedMediaType(f"The request body must be application/json, not {sent}.")


async def read_rest(scope: Scope, receive: Receive, first: Message, max_body_bytes: int) -> bytes:
    """Read a body of which one message has been taken, as ``Request.body`` does.

    Raises:
        PayloadTooLarge: The body is larger than the limit (413).
        ClientDisconnectedError: The client went away before the end.
    """
    pending: list[Message] = [first]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return await Request(scope, receive_again, max_body_bytes).body()


def _declared(argument: Argument) -> tuple[object, dict[str, Any]]:
    """Give the type of an argument, and the rules for it as a whole, of its marker and those beside it."""
    kind = argument.annotation if argument.declared is None else argument.declared
    _, _, metadata = split_optional(kind)
    for unkept in () if uses_models(kind) else filter(None, map(find_unkept, metadata)):
        raise TypeError(f"{unkept!r} is for pydantic, which does not read it")
    rules = {rule: limit for one in metadata for rule, limit in find_rules(one).items()}
    if argument.marker is not None:
        rules |= argument.marker.rules
    return (cast("Any", kind) | None if argument.default is None else kind), rules


def _ruled(kind: object, rules: Mapping[str, Any]) -> object:
    return Annotated[cast("Any", kind), msgspec.Meta(**rules)] if rules else kind


def _make_record(kinds: Mapping[str, object], arguments: Sequence[Argument]) -> type:
    fields: list[tuple[str, Any, Any]] = []
    required: list[tuple[str, Any]] = []
    for (name, kind), argument in zip(kinds.items(), arguments, strict=True):
        if argument.default is UNSET:
            required.append((name, kind))
        else:
            fields.append((name, kind, UNSET))  # the plan puts the default in, anew for each request
    rename = {name: argument.sent_as for name, argument in zip(kinds, arguments, strict=True)}
    return msgspec.defstruct("Body", [*required, *fields], rename=rename, kw_only=True)


def _completing(decode: Callable[[bytes], object], complete: Completer) -> Callable[[bytes], object]:
    def decode_whole(body: bytes) -> object:
        value = decode(body)
        complete(value)
        return value

    return decode_whole
