"""The parser of command lines."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.management.arguments import CommandParser, suggest
from openviper.management.exceptions import UsageError


def make_parser() -> CommandParser:
    parser = CommandParser("viperctl migrate", "Move.")
    parser.add_argument("labels", nargs="*")
    parser.add_argument("-n", "--name")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("-x", action="store_true")
    parser.add_argument("--level", type=int, default=0)
    parser.add_argument("--pair", nargs=2)
    return parser


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a b -v", {"labels": ["a", "b"], "verbose": 1}),
        ("-v a b", {"labels": ["a", "b"], "verbose": 1}),
        ("a -v b", {"labels": ["a", "b"], "verbose": 1}),
        ("--name x a", {"labels": ["a"], "name": "x"}),
        ("a --name x b --name=y", {"labels": ["a", "b"], "name": "y"}),
        ("-nx a", {"labels": ["a"], "name": "x"}),
        ("-xvn x a", {"labels": ["a"], "name": "x", "verbose": 1, "x": True}),
        ("a --pair 1 2 b", {"labels": ["a", "b"], "pair": ["1", "2"]}),
        ("--level -3 a", {"labels": ["a"], "level": -3}),
        ("-3 a", {"labels": ["-3", "a"]}),
        ("a -- -v b", {"labels": ["a", "-v", "b"]}),
        ("-- --name", {"labels": ["--name"]}),
        ("--", {"labels": []}),
        ("", {"labels": []}),
    ],
)
def test_options_stand_anywhere(words: str, expected: dict[str, object]) -> None:
    """Options and their values are told from positional words wherever they stand; ``--`` ends them (A-38)."""
    defaults: dict[str, object] = {"labels": [], "name": None, "verbose": 0, "x": False, "level": 0, "pair": None}

    assert make_parser().parse_words(words.split()) == {**defaults, **expected}


@given(st.permutations(["a", "b", "c", "-v", "--name=x", "-x"]))
def test_order_of_options_does_not_matter(words: list[str]) -> None:
    """Whatever the order, the labels keep theirs and the options their values."""
    values = make_parser().parse_words(words)

    assert values["labels"] == [word for word in words if not word.startswith("-")]
    assert (values["name"], values["verbose"], values["x"]) == ("x", 1, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--nmae x", "unknown option --nmae (did you mean '--name'?)"),
        ("--nam x", "unknown option --nam (did you mean '--name'?)"),
        ("--zzzzzz=1", "unknown option --zzzzzz (see"),
        ("--level abc", "argument --level: invalid int value: 'abc'"),
        ("--name", "argument -n/--name: expected one argument"),
    ],
)
def test_what_does_not_fit_is_one_message(words: str, message: str) -> None:
    """A usage error says what is wrong, the closest option and where help is; the exit code is 2."""
    with pytest.raises(UsageError) as caught:
        make_parser().parse_words(words.split())

    assert message in str(caught.value)
    assert str(caught.value).endswith("(see: viperctl migrate --help)")
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    ("words", "message"), [(["a"], "unexpected word 'a'"), (["a", "--", "b"], "unexpected words: a b")]
)
def test_words_beyond_the_arguments_are_named(words: list[str], message: str) -> None:
    """Positional words that no argument takes are named."""
    with pytest.raises(UsageError, match=message):
        CommandParser("x").parse_words(words)


def test_help_ends_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` prints usage and description and asks for exit code 0."""
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_words(["--help"])

    assert caught.value.code == 0
    assert "Move." in capsys.readouterr().out


def test_rest_of_the_line_stays_as_it_is() -> None:
    """A command with sub-commands, or one that takes all further words, gets the line unsorted."""
    rest = CommandParser("x")
    rest.add_argument("program")
    rest.add_argument("arguments", nargs=argparse.REMAINDER)
    nested = CommandParser("x")
    nested.add_argument("-q", action="store_true")
    clear = nested.add_subparsers(dest="action", required=True).add_parser("clear")
    clear.add_argument("--all", action="store_true")

    assert rest.parse_words(["run", "--fast", "a"]) == {"program": "run", "arguments": ["--fast", "a"]}
    assert nested.parse_words(["-q", "clear", "--all"]) == {"q": True, "action": "clear", "all": True}
    with pytest.raises(UsageError, match="required: action"):
        nested.parse_words([])


def test_values_by_name_win_over_words() -> None:
    """A call may give values as objects, required ones too; they need no conversion and win (C-012)."""
    marker = object()

    def call(*words: str, **values: object) -> dict[str, object]:
        parser = CommandParser("x")
        parser.add_argument("name")
        parser.add_argument("more", nargs="*")
        parser.add_argument("--level", type=int, required=True)
        return parser.parse_call(words, values)

    assert call(name=marker, level=3) == {"name": marker, "more": [], "level": 3}
    assert call("a", "--level=1", more=["b"]) == {"name": "a", "more": ["b"], "level": 1}
    assert call("a", "b", name=marker, level=0) == {"name": marker, "more": ["a", "b"], "level": 0}
    with pytest.raises(UsageError, match="required: name"):
        call(level=1)
    with pytest.raises(TypeError, match=r"no argument 'levle' \(did you mean 'level'\?\)"):
        call(levle=1)


def test_free_word_is_one_that_the_command_can_spare() -> None:
    """The first positional word may be a target, unless the command's own arguments need it (A-38)."""

    def free(*words: str, nargs: str | int | None = None, choices: list[str] | None = None) -> str | None:
        parser = CommandParser("x")
        parser.add_argument("own", nargs=nargs, choices=choices)
        parser.add_argument("--name")
        return parser.first_free_word(words)

    assert free("a") is None
    assert free("a", "b") == "a"
    assert free("--name", "a", "b") is None
    assert free("--name", "a", "b", nargs="?") == "b"
    assert free("a", "b", nargs="+") == "a"
    assert free("a", nargs="*") == "a"
    assert free("a", nargs="*", choices=["a"]) is None
    assert free("--", "a", nargs="?") is None
    assert free("a", "--", "b", nargs=1) == "a"
    assert free(nargs="?") is None


def test_word_is_taken_out_once() -> None:
    """Only the positional word goes; the same text as the value of an option stays."""
    words = ["--name", "a", "a", "a"]

    assert make_parser().without_word(words, "a") == ["--name", "a", "a"]


def test_unknown_options_may_be_passed_on() -> None:
    """They keep their place among the words, so that their values stay behind them; known ones are taken out."""
    parser = make_parser()
    parser.passes_on = True

    values = parser.parse_words(["blog", "-k", "a or b", "--name=c", "--maxfail=1", "--", "--name"])

    assert values["name"] == "c"
    assert values["labels"] == ["blog", "-k", "a or b", "--maxfail=1", "--name"]


def test_parser_knows_whether_it_takes_words() -> None:
    """A parser with options only takes no words."""
    assert make_parser().takes_words
    assert not CommandParser("x").takes_words


def test_suggestion_is_made_for_a_near_miss_only() -> None:
    """A word that resembles nothing brings no suggestion."""
    assert suggest("chek", ["check", "shell"]) == " (did you mean 'check'?)"
    assert suggest("zzz", ["check"]) == ""
