"""The words of a command line: an argparse parser with options anywhere and errors as exceptions.

argparse pairs positional words with their arguments as it meets them, so an option in between cuts a list short.
Here the words are sorted first: options with their values, then the positional ones.
"""

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from openviper.conf.spelling import closest
from openviper.management.exceptions import UsageError

__all__ = ["CommandParser", "suggest"]

_NEGATIVE_NUMBER = re.compile(r"-\d+|-\d*\.\d+")
# What makes argparse hand over all further words unread: sub-commands and argparse.REMAINDER.
_TAKES_THE_REST = (argparse.PARSER, argparse.REMAINDER)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known word closest to a wrong one, or the empty string."""
    near = closest(word, known, cutoff=0.6)
    return "" if near is None else f" (did you mean {near!r}?)"


class CommandParser(argparse.ArgumentParser):
    """The parser that a command adds its arguments to.

    Options are never abbreviated. What does not fit raises ``UsageError`` in place of ending the process; only
    ``--help`` ends it, with SystemExit(0).

    Args:
        prog: The program and the command, for usage lines.
        description: What the command does.
        options: Further arguments of ``argparse.ArgumentParser``, which builds sub-parsers of this class.

    Attributes:
        passes_on: Whether an option that is not known counts as a word, so that it reaches the last argument in its
            place among the words; for commands that hand over to another program.
    """

    passes_on: bool = False

    def __init__(self, prog: str, description: str | None = None, **options: Any) -> None:
        super().__init__(prog=prog, description=description, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message} (see: {self.prog} --help)")

    @property
    def takes_words(self) -> bool:
        """Whether the command has positional arguments of its own."""
        return bool(self._arguments())

    def parse_words(self, words: Sequence[str]) -> dict[str, object]:
        """Read a command line into the values of the arguments, by their names.

        Raises:
            UsageError: A word fits no argument, a value is of the wrong type, or a required one is missing.
        """
        parsed, surplus = self.parse_known_args(self._sorted(words))
        if surplus:
            self._refuse(surplus)
        return vars(parsed)

    def parse_call(self, words: Sequence[str], values: Mapping[str, object]) -> dict[str, object]:
        """Like ``parse_words``, with some values given as Python objects; the parser is used up by this.

        Args:
            words: The positional words among them are for the arguments without a value.
            values: Objects by the names of their arguments.

        Raises:
            TypeError: No argument has the name of one of the values.
            UsageError: As for ``parse_words``.
        """
        # argparse names sub-parsers without a name of their own, and nothing else, by this marker.
        known = {action.dest: action for action in self._actions if action.dest not in {"help", argparse.SUPPRESS}}
        for name in values:
            if name not in known:
                raise TypeError(f"{self.prog} has no argument {name!r}{suggest(name, known)}")
            known[name].required = False
            if not known[name].option_strings:
                known[name].nargs = 0  # the words are for the arguments that have no value yet
        # An argument that may be left out is set to its default even then, so the values go on top at the end.
        return {**self.parse_words(words), **values}

    def first_free_word(self, words: Sequence[str]) -> str | None:
        """Return the first positional word, if the command can do without it; None when there is none to spare.

        A word behind ``--``, or one that names one of the choices of the first argument, is not to spare either.
        """
        positional = [word for word, is_option in self._classified(words) if not is_option]
        arguments = self._arguments()
        needed = sum(_word_range(action)[0] for action in arguments)
        if positional[:1] in ([], ["--"]) or len([word for word in positional if word != "--"]) <= needed:
            return None
        word = positional[0]
        return None if arguments and word in (arguments[0].choices or ()) else word

    def without_word(self, words: Sequence[str], word: str) -> list[str]:
        """Return a command line without the first positional word of that text; values of options stay."""
        kept: list[str] = []
        is_gone = False
        for each, is_option in self._classified(words):
            if not is_gone and not is_option and each == word:
                is_gone = True
            else:
                kept.append(each)
        return kept

    def _sorted(self, words: Sequence[str]) -> list[str]:
        # Behind the first word of such a command an option is not ours to move.
        if any(action.nargs in _TAKES_THE_REST for action in self._arguments()):
            return list(words)
        options: list[str] = []
        positional: list[str] = []
        separated = False
        for word, is_option in self._classified(words):
            if word == "--" and not separated and not is_option:
                separated = True
            else:
                (options if is_option else positional).append(word)
        return [*options, "--", *positional] if positional else options

    def _classified(self, words: Sequence[str]) -> Iterator[tuple[str, bool]]:
        """Yield each word and whether it is an option or the value of one; all behind ``--`` is positional."""
        at = 0
        while at < len(words):
            word = words[at]
            if word == "--":
                yield from ((rest, False) for rest in words[at:])
                return
            at += 1
            if not self._looks_like_option(word):
                yield word, False
                continue
            yield word, True
            # A required value counts as one even if it looks like an option; argparse then says what it thinks of it.
            least, most = self._values_after(word)
            while most and at < len(words) and (least > 0 or not self._looks_like_option(words[at])):
                yield words[at], True
                at, least, most = at + 1, least - 1, most - 1

    def _looks_like_option(self, word: str) -> bool:
        if len(word) < 2 or not word.startswith("-"):
            return False
        if self.passes_on:
            return word.partition("=")[0] in self._option_string_actions
        return word in self._option_string_actions or not _NEGATIVE_NUMBER.fullmatch(word)

    def _values_after(self, word: str) -> tuple[int, int]:
        """Tell how many words after an option are its values, at least and at most."""
        known = self._option_string_actions
        if word.startswith("--") or word in known:
            action = None if "=" in word else known.get(word)
            return (0, 0) if action is None else _word_range(action)
        # In a cluster such as -xv each letter is a flag, up to one that takes the rest of the word or the next one.
        for position, letter in enumerate(word[1:], start=1):
            action = known.get(f"-{letter}")
            if action is None:
                break
            if action.nargs != 0:
                return (0, 0) if word[position + 1 :] else _word_range(action)
        return 0, 0

    def _arguments(self) -> list[argparse.Action]:
        return [action for action in self._actions if not action.option_strings]

    def _refuse(self, surplus: Sequence[str]) -> NoReturn:
        words = [word for word in surplus if word != "--"]
        for word in words:
            if self._looks_like_option(word):
                name = word.partition("=")[0]
                self.error(f"unknown option {name}{suggest(name, self._option_string_actions)}")
        self.error(f"unexpected words: {' '.join(words)}" if len(words) > 1 else f"unexpected word {words[0]!r}")


def _word_range(action: argparse.Action) -> tuple[int, int]:
    """Tell how many words an argument takes, at least and at most."""
    endless = 1_000_000
    if isinstance(action.nargs, int):
        return action.nargs, action.nargs
    if action.nargs is None:
        return 1, 1
    ranges = {argparse.OPTIONAL: (0, 1), argparse.ONE_OR_MORE: (1, endless), argparse.PARSER: (1, endless)}
    return ranges.get(action.nargs, (0, endless))
