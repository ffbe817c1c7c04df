"""The part of a plan that fetches single values: from path, query, header, cookies and form."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

from openviper.http.cookies import parse_cookies
from openviper.http.request import Request
from openviper.http.url import QueryParams
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument
from openviper.routing.faults import Fault, describe_fault, shorten
from openviper.routing.kinds import is_pydantic
from openviper.routing.path import Parameter
from openviper.routing.readers import Reader, find_reader, name_expected
from openviper.routing.script import Script

if TYPE_CHECKING:
    from openviper.http.uploads import UploadFile  # forms are loaded where one is read

__all__ = ["ValueWriter"]

_UNREADABLE: Final = (ValueError, TypeError)
# Names up to which each pair of a query is compared with all of them.
_FEW: Final = 6


class _Model(Protocol):
    """What pydantic gives to each class that it validates, dataclasses included."""

    @property
    def __pydantic_validator__(self) -> "_Validator": ...


class _Validator(Protocol):
    def validate_python(self, values: object) -> object: ...


class ValueWriter:
    """Writes the lines that fetch and convert values, each source once and only where it is needed.

    Args:
        script: Where the lines go.
        parameters: The parameters of the path, in the order of their values.
        max_body_bytes: Limit of a form, in bytes.
        asked: Every argument of the handler and of its dependencies.
    """

    def __init__(
        self, script: Script, parameters: Sequence[Parameter], *, max_body_bytes: int, asked: Sequence[Argument]
    ) -> None:
        self._script = script
        self._parameters = {parameter.name: index for index, parameter in enumerate(parameters)}
        self._converters = [parameter.converter for parameter in parameters]
        self._asked = [one for argument in asked for one in argument.fields or (argument,)]
        self._has_lists = any(one.is_list for one in self._asked)
        # A class of several values may want those that nobody names.
        self._has_groups = any(one.fields is not None for one in asked)
        self._prepared: set[str] = set()
        # The locals of a query of which only a few names are wanted, by name.
        self._taken: dict[str, str] = {}
        script.names |= {
            "Request": Request,
            "QueryParams": QueryParams,
            "parse_cookies": parse_cookies,
            "unreadable": _UNREADABLE,
            "max_body_bytes": max_body_bytes,
        }

    def is_in_path(self, argument: Argument) -> bool:
        """Tell whether a parameter of the path gives the argument."""
        return argument.may_be_in_path and argument.sent_as in self._parameters

    def write(self, argument: Argument) -> str:
        """Write the lines for one argument; give what stands for its value, which is set where there are no errors."""
        if argument.fields is not None:
            return self._write_group(argument, argument.fields)
        if self.is_in_path(argument):
            return self._write_path_value(argument)
        source = "query" if argument.kind == "value" else argument.kind
        self._prepare(source)
        return self._write_sent_value(argument, source)

    def _write_path_value(self, argument: Argument) -> str:
        position = self._parameters[argument.sent_as]
        value = f"values[{position}]"
        converter = self._converters[position]
        if not argument.converts(converter):
            return value
        if converter.gives in (None, argument.annotation) and argument.annotation is not str:
            # A converter of its own kind has made the value; only the rules are left to look at.
            read = _ruled(argument.rules, cast("Reader", _same))
        else:
            read = _find_reader(argument)
            if converter.gives not in (None, str):
                value = f"str({value})"
        result = self._script.local("v")
        self._write_reading(argument, "path", read, value, result)
        return result

    def _write_sent_value(self, argument: Argument, source: str) -> str:
        script, key = self._script, argument.sent_as
        result = script.local("v")
        taken = self._taken.get(key) if source == "query" else None
        script.add(f"text = {taken or _fetch(source, key, is_list=argument.is_list)}")
        if source == "form" and argument.annotation is not str and not argument.is_list:
            script.add("if text == '':", "    text = None")  # how a browser sends a field that was left empty
        with script.block("if not text:" if argument.is_list else "if text is None:"):
            self._write_default(argument, source, result)
        if source == "file":
            self._write_upload(argument, result)
            return result
        if argument.annotation is int and not argument.rules and not argument.is_list and source != "form":
            # No call into Python for what most numbers look like; 18 digits fit 64 bits.
            script.add("elif len(text) < 19 and text.isdigit() and text.isascii():", f"    {result} = int(text)")
        with script.block("else:"):
            self._write_reading(argument, source, _find_reader(argument), "text", result)
        return result

    def _write_default(self, argument: Argument, source: str, result: str) -> None:
        script, default = self._script, argument.default
        if default is UNSET:
            fault = describe_fault(source, (argument.sent_as,), "missing", "A value is required.")
            script.add(f"errors.append({script.bind('missing', fault)})")
        else:
            script.add(f"{result} = {script.write_default(default)}")

    def _write_reading(self, argument: Argument, source: str, read: Reader, text: str, result: str) -> None:
        script = self._script
        refuse = script.bind("refuse", partial(_refuse, argument, source))
        if read is str and source != "form":
            # NUL is in no text that people write, and databases and file systems refuse it later.
            script.add(
                f"if '\\0' in {text}:", f"    errors.append({refuse}({text}))", "else:", f"    {result} = {text}"
            )
            return
        script.add(
            "try:",
            f"    {result} = {script.bind('read', read)}({text})",
            "except unreadable:",
            f"    errors.append({refuse}({text}))",
        )

    def _write_upload(self, argument: Argument, result: str) -> None:
        script = self._script
        fault = describe_fault("file", (argument.sent_as,), "invalid", "A file is required, not text.")
        wrong = script.bind("wrong", fault)
        texts = "any(one.__class__ is str for one in text)" if argument.is_list else "text.__class__ is str"
        given = "text"
        if argument.annotation is bytes:
            read = script.bind("read", _read_file)
            given = f"[await {read}(one) for one in text]" if argument.is_list else f"await {read}(text)"
        if argument.shape is not list:
            given = f"{script.bind('shape', argument.shape)}({given})"
        script.add(f"elif {texts}:", f"    errors.append({wrong})", "else:", f"    {result} = {given}")

    def _write_group(self, argument: Argument, fields: Sequence[Argument]) -> str:
        """Write the lines for each field, and those that make the class of them."""
        script = self._script
        result = script.local("v")
        if is_pydantic(argument.annotation):
            self._write_model(argument, fields, result)
            return result
        before = script.local("before")
        script.add(f"{before} = len(errors)")
        self._write_others(argument)
        values = [f"{one.name}={self.write(one)}" for one in fields]
        make = script.bind("make", argument.annotation)
        with script.block(f"if len(errors) == {before}:"):
            script.add(
                "try:",
                f"    {result} = {make}({', '.join(values)})",
                "except unreadable as error:",
                f"    errors.append({script.bind('refuse', partial(_refuse_group, argument))}(error))",
            )
        return result

    def _write_model(self, argument: Argument, fields: Sequence[Argument], result: str) -> None:
        script = self._script
        texts = script.local("texts")
        script.add(f"{texts} = {self._write_others(argument)}")
        for one in fields:
            script.add(
                f"text = {_fetch(argument.kind, one.sent_as, is_list=one.is_list)}",
                f"if {'text' if one.is_list else 'text is not None'}:",
                f"    {texts}[{one.name!r}] = text",
            )
            if argument.kind != "form":  # reading a form refuses NUL by itself
                refuse = script.bind("refuse", partial(_refuse, one, argument.kind))
                held = "'\\0' in ''.join(text)" if one.is_list else "'\\0' in text"
                script.add(f"    if {held}:", f"        errors.append({refuse}(text))")
        validate = script.bind("validate", cast("_Model", argument.annotation).__pydantic_validator__.validate_python)
        script.add(
            "try:",
            f"    {result} = {validate}({texts})",
            "except ValueError as error:",
            f"    errors += {script.bind('explain', partial(_explain_model, argument.kind))}(error)",
        )

    def _write_others(self, argument: Argument) -> str:
        """Write the line about values that the class has no field for; give what stands for those that it takes."""
        from openviper.routing.groups import find_others, take_others  # loaded where there is a class of several values

        source = argument.kind
        self._prepare(source)
        others = find_others(argument.annotation, source)
        if others == "ignore":
            return "{}"
        # What other arguments ask for is none of its business.
        kinds = {"query": ("value", "query"), "form": ("form", "file")}.get(source, (source,))
        known = frozenset(one.sent_as for one in self._asked if one.kind in kinds)
        take = self._script.bind("take", partial(take_others, others, source, known))
        name = self._script.local("others")
        self._script.add(f"{name} = {take}({_HOLDERS[source]}, errors)")
        return name

    def _prepare(self, source: str) -> None:
        """Write the lines that give ``_fetch`` what it asks, once."""
        source = "form" if source == "file" else source
        if source in self._prepared:
            return
        self._prepared.add(source)
        if source == "query" and not self._has_lists and self._asks_for_few():
            self._take_query()
        else:
            self._script.add(*_PREPARATIONS["lists" if source == "query" and self._has_lists else source])

    def _asks_for_few(self) -> bool:
        """Tell whether all that is wanted of the query is a handful of names."""
        asked = [one for one in self._asked if one.kind in ("value", "query") and not self.is_in_path(one)]
        return not self._has_groups and len({one.sent_as for one in asked}) <= _FEW

    def _take_query(self) -> None:
        """Write the lines that put the values of a few names into locals: comparing them costs less than a dict."""
        script = self._script
        for one in self._asked:
            if one.kind in ("value", "query") and not self.is_in_path(one):
                self._taken.setdefault(one.sent_as, script.local("sent"))
        taken = list(self._taken.items())
        # Asked as text: a search in bytes takes three times as long.
        script.add("sent = scope.get('query_string', b'').decode('latin-1')")
        with script.block("if '%' in sent or '+' in sent or not sent.isascii():"):
            script.add("query = QueryParams(scope['query_string'])")
            script.add(*(f"{local} = query.get({key!r})" for key, local in taken))
        with script.block("else:"):
            # Nothing to decode, which is what most queries look like.
            script.add(f"{' = '.join(local for _, local in taken)} = None")
            with script.block("for pair in sent.split('&'):"):
                script.add("name, _, text = pair.partition('=')")
                for number, (key, local) in enumerate(taken):
                    script.add(f"{'elif' if number else 'if'} name == {key!r}:", f"    {local} = text")


# Where the values of each part are found by name.
_HOLDERS: Final[Mapping[str, str]] = {"query": "query", "cookie": "cookies", "form": "form"}

# The last value of a name in the query counts, the first of a header, and those that are lists take all.
_PREPARATIONS: Final[Mapping[str, Sequence[str]]] = {
    "lists": ("query = QueryParams(scope.get('query_string', b''))",),
    "query": (
        # Asked as text: a search in bytes takes three times as long.
        "sent = scope.get('query_string', b'').decode('latin-1')",
        "if '%' in sent or '+' in sent or not sent.isascii():",
        "    query = QueryParams(scope['query_string'])",
        "else:",
        # Nothing to decode, which is what most queries look like.
        "    query = {}",
        "    for pair in sent.split('&'):",
        "        name, _, text = pair.partition('=')",
        "        query[name] = text",
    ),
    "header": ("headers = {name: value for name, value in reversed(scope['headers'])}",),
    "cookie": ("cookies = parse_cookies([value for name, value in scope['headers'] if name == b'cookie'])",),
    "form": ("form = await Request(scope, receive, max_body_bytes).form()",),
}


def _fetch(source: str, key: str, *, is_list: bool) -> str:
    """Write what gives the text of a name, or all its texts; None or an empty list where there is none."""
    if source == "header":
        name = repr(key.encode("latin-1"))
        if is_list:
            return f"[value.decode('latin-1') for name, value in scope['headers'] if name == {name}]"
        return f"headers[{name}].decode('latin-1') if {name} in headers else None"
    if source == "cookie":
        return f"[cookies[{key!r}]] if {key!r} in cookies else []" if is_list else f"cookies.get({key!r})"
    holder = "query" if source == "query" else "form"
    return f"{holder}.{'getlist' if is_list else 'get'}({key!r})"


def _find_reader(argument: Argument) -> Reader:
    """Choose what turns the text, or the list of texts, into the value, and holds it to its rules."""
    read = find_reader(argument.annotation)
    if argument.kind == "form":
        read = partial(_read_field, read)
    elif read is str and (argument.is_list or argument.rules):
        read = _read_text
    read = _ruled(argument.rules, read)
    if not argument.is_list:
        return read
    return _ruled(argument.list_rules, cast("Reader", partial(_read_each, argument.shape, read)))


def _ruled(rules: Mapping[str, object], read: Reader) -> Reader:
    if not rules:
        return read
    from openviper.routing.rules import find_check  # only values with rules need it

    return partial(_read_checked, read, find_check(rules))


def _read_checked(read: Reader, check: Callable[[object], bool], text: str) -> object:
    value = read(text)
    if not check(value):
        raise ValueError("the value breaks a rule")
    return value


def _read_each(
    shape: Callable[[Iterable[object]], Collection[object]], read: Reader, texts: list[str]
) -> Collection[object]:
    return shape([read(text) for text in texts])


def _read_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text holds NUL")
    return text


def _read_field(read: Reader, text: object) -> object:
    if not isinstance(text, str) or "\0" in text:
        raise ValueError("a file, or a text that holds NUL")
    return read(text)


async def _read_file(upload: "UploadFile") -> bytes:
    # From the beginning, wherever another argument has left it; as large as the limit of a form lets it be.
    await upload.seek(0)
    content = await upload.read()
    await upload.seek(0)
    return content


def _same(value: object) -> object:
    return value


def _refuse(argument: Argument, source: str, text: object) -> Fault:
    from openviper.routing.rules import describe_rules  # only a refusal, or a value with rules, needs it

    expected = name_expected(argument.annotation) + describe_rules(argument.rules)
    if "pattern" in argument.rules and argument.marker is not None and argument.marker.description:
        expected += f" ({argument.marker.description.removesuffix('.')})"  # a pattern says little to people
    if argument.is_list:
        expected += " for each value"
    if argument.list_rules:
        expected += f", as a list{describe_rules(argument.list_rules, unit='values')}"
    return describe_fault(source, (argument.sent_as,), "invalid", f"{shorten(text)} is not {expected}.")


def _refuse_group(argument: Argument, error: Exception) -> Fault:
    return describe_fault(argument.kind, (), "invalid", f"{str(error).removesuffix('.')}.")


def _explain_model(source: str, error: ValueError) -> list[Fault]:
    # A fault only; msgspec, which the other findings are made with, costs a start 5 ms.
    from openviper.routing.models import iter_model_faults

    return iter_model_faults(error, source=source)
