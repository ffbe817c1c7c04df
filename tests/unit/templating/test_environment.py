"""What templates may do: escaping, strict names, the sandbox."""

from datetime import date
from decimal import Decimal

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError

from openviper import OpenViper, OpenViperError
from openviper.http.request import Request
from openviper.templating.environment import Ingredients, build_environment
from openviper.templating.functions import TemplateGlobal
from openviper.types import Message

HOSTILE = """<script>alert('x')</script>"&"""
ESCAPED = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;"


def render(source: str, **context: object) -> str:
    return build_environment(Ingredients(())).from_string(source).render(context)


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xml", "a.HTML", "a.svg", "a.html.j2", "a.jinja", "a", "txt"])
def test_text_is_escaped_in_every_kind_of_page(name: str) -> None:
    """Whatever is not certainly plain text has its values escaped, whichever way its name ends."""
    environment = build_environment(Ingredients(()))
    assert callable(environment.autoescape)
    assert environment.autoescape(name) is True


@pytest.mark.parametrize("name", ["mail.txt", "mail.md", "MAIL.TXT"])
def test_plain_text_is_left_alone(name: str) -> None:
    """A mail in plain text shows an ampersand as one."""
    environment = build_environment(Ingredients(()))
    assert callable(environment.autoescape)
    assert environment.autoescape(name) is False


@pytest.mark.parametrize(
    "source",
    ["{{ x }}", "{{ x ~ '' }}", "{{ [x]|join }}", "{{ x|upper|lower }}", "{% set y %}{{ x }}{% endset %}{{ y }}"],
)
def test_hostile_text_is_escaped_in_strings_too(source: str) -> None:
    """Text from a client cannot become markup, through no filter, operator or block."""
    assert render(source, x=HOSTILE) == ESCAPED


@given(st.text())
def test_no_text_brings_a_tag(text: str) -> None:
    """No text at all leaves a bracket or a quote behind."""
    assert {"<", ">", '"', "'"}.isdisjoint(render("{{ x }}", x=text))


def test_json_in_a_script_cannot_end_it() -> None:
    """``tojson`` carries what a JSON response carries, and no ``</script>``."""
    value = {"name": "</script>", "day": date(2026, 1, 2), "price": Decimal("1.50")}

    assert render("{{ value|tojson }}", value=value) == (
        '{"name":"\\u003c/script\\u003e","day":"2026-01-02","price":"1.50"}'
    )
    assert render("{{ [1]|tojson(indent=2) }}") == "[\n  1\n]"


@pytest.mark.parametrize("source", ["{{ naem }}", "{{ user.naem }}", "{% if naem %}{% endif %}", "{{ user['naem'] }}"])
def test_unknown_name_is_an_error(source: str) -> None:
    """A name that nothing defines is named in an error, wherever it is used."""
    with pytest.raises(jinja2.UndefinedError, match="naem"):
        render(source, user={})


def test_attribute_says_itself_why_it_is_not_there() -> None:
    """An error of the framework passes as it is, such as that of a field that was not read."""

    class Unread(OpenViperError, AttributeError):
        pass

    class Book:
        @property
        def title(self) -> str:
            raise Unread("title is not loaded")

    with pytest.raises(Unread, match="title is not loaded"):
        render("{{ book.title }}", book=Book())
    with pytest.raises(jinja2.UndefinedError):
        render("{{ book.author }}", book=Book())


def test_unknown_name_may_be_asked_for() -> None:
    """``is defined`` and ``default`` do not use the name."""
    assert render("{{ naem is defined }} {{ naem|default('none') }}") == "False none"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ ().__class__.__base__ }}",
        "{{ function.__globals__ }}",
        "{{ function.__code__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self.__init__ }}",
        "{{ '{0.__class__}'.format(42) }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ '{x.__globals__}'.format_map({'x': function}) }}",
        "{{ ('{0.__class__}'|attr('format'))(42) }}",
        "{{ ['{0.__class__}'][0].format(42) }}",
        "{{ generator.gi_frame }}",
        "{{ generator.gi_code }}",
        "{{ request._private }}",
        "{{ dict.mro() }}",
        "{{ lipsum.__globals__.os }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ ['']|map(attribute='__class__')|join }}",
        "{% for key, _ in [function]|groupby('__globals__') %}{{ key }}{% endfor %}",
        "{{ [function]|selectattr('__code__')|list }}",
        "{% for kind in ''.__class__.__mro__ %}{{ kind }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
    ],
)
def test_way_out_of_the_sandbox_is_closed(source: str) -> None:
    """Underscores, frames and format strings lead to nothing."""

    class Request:
        _private = "secret"

    def function() -> None: ...

    with pytest.raises(SecurityError):
        render(source, function=function, generator=(number for number in (1,)), request=Request())


@pytest.mark.parametrize(
    "source",
    [
        "{{ request.scope.app.add('/pwn', lipsum) }}",
        "{{ request['scope']['app'] }}",
        "{{ request|attr('scope') }}",
        "{{ [request]|map(attribute='scope')|join }}",
        "{{ '{0.scope}'.format(request) }}",
        "{% for route in app.routes %}{{ route.handler() }}{% endfor %}",
        "{{ app.add('/pwn', lipsum) }}",
        "{{ kind.add(app, '/pwn', lipsum) }}",
        "{{ app.routes }}",
        "{{ route.handler() }}",
    ],
)
def test_application_is_out_of_reach(source: str) -> None:
    """No template adds a route or calls a handler: not through its request, nor if a view gives it the application."""
    app = OpenViper(routes=[])
    app.add("/books", lambda: "called", methods=["GET"])
    request = Request({"type": "http", "app": app}, _no_body)

    with pytest.raises(SecurityError):
        render(source, request=request, app=app, kind=OpenViper, route=app.routes[0])
    assert [route.path for route in app.routes] == ["/books"]


def test_address_of_a_route_is_within_reach() -> None:
    """``url_for`` answers a template, though the application that it asks is out of reach."""
    app = OpenViper(routes=[])
    app.add("/books/{number:int}", lambda number: "", methods=["GET"], name="book")
    request = Request({"type": "http", "app": app, "path": "/", "headers": []}, _no_body)

    assert render("{{ request.url_for('book', number=7) }} {{ request.path }}", request=request) == "/books/7 /"


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    "source", ["{{ items.append(1) }}", "{{ items.clear() }}", "{{ table.update(a=1) }}", "{{ names.add('x') }}"]
)
def test_values_of_the_view_cannot_be_changed(source: str) -> None:
    """A template reads lists, dicts and sets, and changes none."""
    items, table, names = [0], {"b": 2}, {"y"}

    with pytest.raises(SecurityError):
        render(source, items=items, table=table, names=names)

    assert (items, table, names) == ([0], {"b": 2}, {"y"})


@pytest.mark.parametrize("name", ["open", "eval", "exec", "getattr", "type", "__import__", "__builtins__"])
def test_builtins_are_not_there(name: str) -> None:
    """The names of Python's builtins mean nothing in a template."""
    with pytest.raises(jinja2.UndefinedError):
        render(f"{{{{ {name} }}}}")


def test_huge_range_is_refused() -> None:
    """A loop over more than 100,000 numbers is refused before it starts."""
    with pytest.raises(OverflowError, match="100000"):
        render("{% for n in range(100001) %}{% endfor %}")


def test_functions_and_filters_are_there() -> None:
    """What an environment is made of can be used by its name."""
    environment = build_environment(
        Ingredients((), functions={"answer": TemplateGlobal(42)}, filters={"loud": lambda text: f"{text}!"})
    )

    assert environment.from_string("{{ answer }}{{ 'hi'|loud }}").render() == "42hi!"


def test_function_gets_the_request_of_the_page() -> None:
    """A function that takes the request gets it in front of the arguments of the template."""
    environment = build_environment(Ingredients((), functions={"show": TemplateGlobal(describe, takes_request=True)}))

    assert environment.from_string("{{ show(1, b=2) }}").render(request="R") == "R 1 2"
    with pytest.raises(jinja2.TemplateRuntimeError, match=r"show\(\) needs the request"):
        environment.from_string("{{ show(1, b=2) }}").render()


def describe(request: object, a: int, *, b: int) -> str:
    return f"{request} {a} {b}"
