"""Values as text for a developer."""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from reprlib import recursive_repr
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import settings
from openviper.http.url import URL, QueryParams
from openviper.middleware.debug.values import is_secret, one_page, show_header, show_value


@dataclass
class Account:
    name: str
    password: object
    balance: int = 3


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def untouchable() -> object:
    """Give an object whose class cannot even be asked for its name; pytest must not find it in the module."""

    class Untouchable(type):
        def __getattribute__(cls, name: str) -> object:
            raise ValueError(name)

    return Untouchable("Untouched", (), {"__module__": __name__})()


class Posing:
    def __getattribute__(self, name: str) -> object:
        raise ValueError("a proxy without its object")


class Rows(NamedTuple):
    rows: list[int]


class Chatty:
    def __repr__(self) -> str:
        return "Chatty " * 1000


class Leaving:
    def __repr__(self) -> str:
        raise SystemExit(3)


class Miscounting(dict[str, int]):
    def __len__(self) -> int:
        raise GeneratorExit


@dataclass
class Discreet:
    name: str
    hint: str = field(default="hush", repr=False)


class Heir(Discreet):
    """Writes itself as its parent does."""


@dataclass
class Terse:
    rows: list[int]

    @recursive_repr()
    def __repr__(self) -> str:
        return "Terse()"


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (12, "12"),
        (1.5, "1.5"),
        ("a'b", '"a\'b"'),
        (b"raw", "b'raw'"),
        ((), "()"),
        ((1,), "(1,)"),
        ([1, "x"], "[1, 'x']"),
        ({1}, "{1}"),
        (frozenset({1}), "frozenset({1})"),
        (deque([1]), "deque([1])"),
        ({"a": {"b": (1, 2)}}, "{'a': {'b': (1, 2)}}"),
        (defaultdict(int, a=1), "defaultdict{'a': 1}"),
        (OrderedDict(a=1), "OrderedDict{'a': 1}"),
        (Counter("a"), "Counter{'a': 1}"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Account("ada", None), "Account(name='ada', password=None, balance=3)"),
        (Discreet("ada"), "Discreet(name='ada')"),
        (Heir("ada"), "Heir(name='ada')"),
        (Terse([1]), "Terse()"),
        (SimpleNamespace(a=1), "namespace(a=1)"),
    ],
)
def test_value_is_written_as_python_does(value: object, text: str) -> None:
    """What is small and holds no secret looks as in a console."""
    assert show_value(value) == text


@pytest.mark.parametrize("kind", [Broken, untouchable, Posing, Leaving, Miscounting])
def test_value_that_cannot_be_written_is_named(kind: Callable[[], object]) -> None:
    """A class whose own code raises is shown by its name and address, inside a container as well."""
    value = kind()
    assert show_value(value).startswith("<tests.unit.middleware.debug.test_values.")
    assert show_value([1, value]).startswith("[1, <")


@pytest.mark.parametrize(
    ("value", "ending"),
    [
        ("x" * 5000, "… (5,000 in all)"),
        (b"x" * 5000, "… (5,000 in all)"),
        (list(range(1000)), "19, … 980 more]"),
        (dict.fromkeys(range(1000)), "19: None, … 980 more}"),
        (Account("x" * 5000, None), "… (5,000 in all), password=None, balance=3)"),
        (Rows(list(range(1000))), "19, … 980 more])"),
        (SimpleNamespace(rows=[1] * 1000), "1, … 980 more])"),
        (Chatty(), "…"),
    ],
)
def test_long_value_is_cut(value: object, ending: str) -> None:
    """Text, containers, numbers and objects end after some hundred characters, and say how much there was."""
    shown = show_value(value)
    assert shown.endswith(ending)
    assert len(shown) < 500


def test_huge_number_is_told_by_its_size() -> None:
    """Python refuses to write it, so its length in bits is told."""
    assert show_value(10**10_000) == "<int of 33,220 bits>"


def test_nested_value_is_cut_in_depth_and_breadth() -> None:
    """A list inside itself comes to an end, and so does a wide tree."""
    ring: list[object] = []
    ring.append(ring)
    assert show_value(ring) == "[[[[[…]]]]]"

    tree = [[[["leaf"] * 30] * 30] * 30] * 30
    assert len(show_value(tree)) < 3000


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter2"},
        {b"x-api-key": b"hunter2"},
        {"user": {"auth": [{"access_token": "hunter2"}]}},
        [(b"authorization", b"Bearer hunter2"), (b"host", b"shop.example")],
        ["cookie", "session=hunter2"],
        Account("ada", "hunter2"),
        Account("ada", 'it\'s "hunter2"'),
        Account("ada", ["hunter2"]),
        Account("ada", Account("hunter2", "hunter2")),
        "postgres://shop:hunter2@db.example/shop",
        b"token=hunter2&page=1",
        b'{"user": "it\'s ada", "password": "hunter2"}',
        '{"tokens": ["hunter2", "hunter2"]}',
        b'Content-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--x',
        bytearray(b"password=hunter2"),
        URL("https://ada:hunter2@shop.example/"),
        QueryParams(b"page=1&token=hunter2"),
        "postgres://shop:" + "hunter2/" * 100 + "@db.example/shop",
        {"pass": "hunter2"},
        {b"x-auth": "hunter2"},
        {"db-pass": "hunter2", "jwt": "hunter2", "signature": "hunter2"},
        '{"pass": "hunter2"}',
        b"pass=hunter2&a=1",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer hunter2\r\n",
        "password: hunter2",
        "host=db password = hunter2",
        "Bearer hunter2",
        "<password>hunter2</password>",
        "mysql --password hunter2",
        ["mysql", "--password", "hunter2", "shop"],
        {"payload": '{"a":"{\\"password\\": \\"hunter2\\"}"}'},
        SimpleNamespace(password="hunter2"),
    ],
)
def test_secret_inside_a_value_is_hidden(value: object) -> None:
    """By a key, the name in a header pair, a field of an object, a parameter, or its place in a URL."""
    shown = show_value(value)
    assert "hunter2" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text", ["press any key, then wait", '{"user": "ada"}', "https://shop.example/?page=2", "SELECT key FROM tokens"]
)
def test_text_without_a_secret_is_shown(text: str) -> None:
    """A word alone makes no secret of what follows it."""
    assert show_value(text) == repr(text)


def test_secret_is_hidden_by_the_name_it_has() -> None:
    """A variable with the name of a secret is hidden whole, unless there is nothing to hide."""
    assert show_value("hunter2", "password") == "***"
    assert show_value(["hunter2"], "api_keys") == "***"
    assert show_value("", "password") == "''"
    assert show_value(None, "token") == "None"
    assert show_value("hunter2", "title") == "'hunter2'"


@pytest.mark.parametrize(
    "name", ["PASSWORD", "db_passwd", "secret", "csrf", "Authorization", "set-cookie", "sessionid", "session_id", "key"]
)
def test_names_of_credentials_are_known(name: str) -> None:
    """In any case, and as a part of a longer name."""
    assert is_secret(name)
    assert not is_secret("title")


@pytest.mark.parametrize("hidden", ['it\'s "quoted" \\ hush', "päss-wörd/1", "plain-and-long"])
def test_secret_of_a_setting_is_hidden_wherever_it_stands(hidden: str) -> None:
    """Under a name that says nothing, inside other text, in bytes, in a repr, and quoted in a URL."""
    settings.configure(SHOP_TOKEN=hidden)

    class Client:
        def __repr__(self) -> str:
            return f"<Client {hidden!r}>"

    for value in (hidden, f"a{hidden}b", hidden.encode(), Client(), [hidden], f"https://shop.example/{quote(hidden)}"):
        shown = show_value(value)
        assert "***" in shown
        assert not any(part in shown for part in ("quoted", "rd/1", "plain"))
    assert show_header("x-shop", f"{hidden} again") == "*** again"


def test_short_secret_of_a_setting_hides_no_part_of_words() -> None:
    """Below 8 characters a text stands in too many others."""
    settings.configure(SHOP_TOKEN="example")
    assert show_value("shop.example") == "'shop.example'"


def test_secrets_are_looked_up_once_in_a_page() -> None:
    """What is secret at the beginning of a page is so to its end; parameters of the path are as well."""
    settings.configure(SHOP_TOKEN="hush-hush-hush")
    scope = {"type": "http", "path_params": {"token": "hunter2", "title": "sonnets"}}
    with one_page(scope):
        with settings.overridden(SHOP_TOKEN=""):
            assert show_value("hush-hush-hush") == "'***'"
        assert show_value({"path": "/reset/hunter2/sonnets"}) == "{'path': '/reset/***/sonnets'}"
    assert show_value("/reset/hunter2") == "'/reset/hunter2'"


def test_interrupt_in_a_repr_is_not_swallowed() -> None:
    """Whoever presses Ctrl-C means the process."""

    class Slow:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show_value([Slow()])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("authorization", "Bearer hunter2", "Bearer ***"),
        ("authorization", "hunter2", "***"),
        ("authorization", "hunter2=x two", "***"),
        ("cookie", "session=hunter2", "***"),
        ("x-api-key", "hunter2 three", "***"),
        ("referer", "https://shop.example/?token=hunter2", "https://shop.example/?token=***"),
        ("accept", "text/html", "text/html"),
    ],
)
def test_credentials_in_headers_are_hidden(name: str, value: str, text: str) -> None:
    """The scheme of an authorization is left, since it tells what went wrong."""
    assert show_header(name, value) == text


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary() | st.floats() | st.builds(Broken),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=40,
    )
)
def test_any_value_becomes_bounded_text(value: object) -> None:
    """Whatever a variable holds can be written, and not at any length."""
    assert len(show_value(value)) < 120 * 500
