"""Regular expressions that come from outside: what is let through to a database.

Theory of operation. A search that backtracks takes exponentially long where a pattern can read one text in
exponentially many ways. That is so when some state of its automaton has two ways around to itself for the same
characters. Whether there is one can be told from the pattern alone: walk two copies of the automaton side by side, and
see whether a pair of equal states leads to a pair of different ones and back.

Characters stand for classes: all that the pattern names, and some that it does not. Repetitions of more than a few
times count as endless, and what backtracking cannot enter again (possessive parts) as if it could, so a few harmless
patterns are refused too.
"""

import re
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]  # the only reader of patterns that agrees with ``re``
from typing import Any, Final, TypeAlias

from openviper.db.exceptions import FieldValueError

__all__ = ["check_pattern", "compile_pattern"]

_MOST_CHARACTERS: Final = 1000
_MOST_STATES: Final = 400
_MOST_IN_CIRCLE: Final = 60
_MOST_CHOICES: Final = 20
#: Most characters of a text that is searched, by how many endless repetitions a pattern has: each of them multiplies
#: the time of a search in vain with the length of the text.
_LENGTHS: Final = (1_000_000, 100_000, 10_000)
#: From so many times on, a repetition counts as endless.
_ENDLESS: Final = 8
#: Characters that a pattern may match without naming them: a letter of each case, digits, spaces, signs, others.
_USUAL: Final = "azAZ09_ \n\t.-/@\x00é中٣"

#: A sequence of steps, as Python's own parser gives it.
Steps: TypeAlias = Iterable[tuple[Any, Any]]


@lru_cache(maxsize=256)
def check_pattern(pattern: str) -> int:
    """Refuse a regular expression that is none, or that could take for ever.

    Args:
        pattern: As the user wrote it, with Python's rules; at most 1,000 characters and 20 repetitions.

    Returns:
        Most characters of a text that it may be tried on, where the engine backtracks.

    Raises:
        FieldValueError: It is too long, no regular expression, or can read one text in exponentially many ways.
    """
    if len(pattern) > _MOST_CHARACTERS:
        raise FieldValueError(f"a regular expression has at most {_MOST_CHARACTERS} characters, not {len(pattern)}")
    try:
        with _quiet():
            steps = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise FieldValueError(f"{pattern!r} is no regular expression: {error}") from error
    automaton = _Automaton(sorted({*_USUAL, *pattern, *pattern.swapcase()}))
    automaton.append(steps, automaton.new_state())
    if automaton.is_ambiguous():
        raise FieldValueError(
            f"{pattern!r} can take for ever on a text that does not match: something repeated in it can be read in "
            "several ways, as in (a+)+ or (a|ab?)*; let each repetition begin with what no other part of it takes"
        )
    return _LENGTHS[min(automaton.endless, len(_LENGTHS) - 1)]


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a regular expression for SQLite, which has none of its own and borrows Python's.

    Args:
        pattern: As the user wrote it.
        flags: Of the module ``re``.

    Raises:
        FieldValueError: ``check_pattern()`` refuses it.
    """
    check_pattern(pattern)
    with _quiet():
        return re.compile(pattern, flags)


@contextmanager
def _quiet() -> Iterator[None]:
    # A set such as ``[[:alpha:]]`` is read by the engines in ways of their own, and Python warns whoever runs the
    # server that it may once read it in another; the user who wrote it would never see that.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


class _Automaton:
    """States with steps that take a character of a class, and steps that take none."""

    def __init__(self, characters: Sequence[str]) -> None:
        self._characters = characters
        self._free: list[list[int]] = []
        self._taking: list[list[tuple[int, int]]] = []
        self._choices = 0
        self.endless = 0

    def new_state(self) -> int:
        if len(self._free) >= _MOST_STATES:
            raise FieldValueError("the regular expression is too complicated; make it shorter")
        self._free.append([])
        self._taking.append([])
        return len(self._free) - 1

    def append(self, steps: Steps, state: int) -> int:
        """Add what a sequence matches behind a state; returns the state at its end."""
        for kind, argument in steps:
            state = self._append_one(str(kind), argument, state)
        return state

    def _append_one(self, kind: str, argument: Any, state: int) -> int:
        match kind:
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(argument, state)
            case "BRANCH":
                return self._either(argument[1], state)
            case "SUBPATTERN":
                return self.append(argument[-1], state)
            case "ATOMIC_GROUP":
                return self.append(argument, state)
            case "ASSERT" | "ASSERT_NOT":
                self.append(argument[1], self.new_state())  # looked at from where it stands, and then forgotten
                return state
            case "GROUPREF_EXISTS":
                return self._either([argument[1], argument[2] or []], state)
            case "AT" | "FAILURE":
                return state
        end = self.new_state()
        self._taking[state].append((self._mask(kind, argument), end))
        if kind.startswith("GROUPREF"):  # any text
            self._taking[end].append((self._mask("ANY_ALL", None), end))
            self._free[state].append(end)
        return end

    def _either(self, branches: Iterable[Steps], state: int) -> int:
        end = self.new_state()
        for branch in branches:
            begin = self.new_state()
            self._free[state].append(begin)
            self._free[self.append(branch, begin)].append(end)
        return end

    def _repeat(self, argument: tuple[int, int, Steps], state: int) -> int:
        least, most, steps = argument
        for _ in range(min(least, _ENDLESS)):
            state = self.append(steps, state)
        if least == most and (most <= _ENDLESS or _is_one_character(steps)):
            return state
        # Ways that are not endless multiply as well, if only so often.
        self._choices += 1
        if self._choices > _MOST_CHOICES:
            raise FieldValueError(f"a regular expression has at most {_MOST_CHOICES} repetitions; make it simpler")
        if most <= _ENDLESS:
            for _ in range(most - least):
                state = self._either([steps, []], state)
            return state
        self.endless += 1
        begin, end = self.new_state(), self.new_state()
        self._free[state] += [begin, end]
        self._free[self.append(steps, begin)] += [begin, end]
        return end

    def _mask(self, kind: str, argument: Any) -> int:
        """Give the characters of a class as bits; the other case of a letter counts as well."""
        found = 0
        for place, character in enumerate(self._characters):
            if any(_matches(kind, argument, ord(one)) for one in _cases(character)):
                found |= 1 << place
        return found

    def is_ambiguous(self) -> bool:
        """Tell whether some state has two ways around to itself for the same characters."""
        edges = [list(self._edges(state)) for state in range(len(self._free))]
        for circle in _circles([[target for _, target in found] for found in edges]):
            if len(circle) > _MOST_IN_CIRCLE:
                raise FieldValueError("the regular expression repeats something too complicated; make it shorter")
            inside = {state: [edge for edge in edges[state] if edge[1] in circle] for state in circle}
            if _has_two_ways(inside):
                return True
        return False

    def _edges(self, state: int) -> Iterator[tuple[int, int]]:
        """Give the steps from a state, each way without characters to it counted."""
        ways: deque[tuple[int, frozenset[int]]] = deque([(state, frozenset([state]))])
        for _ in range(10 * _MOST_STATES):
            if not ways:
                return
            here, seen = ways.popleft()
            yield from self._taking[here]
            ways += [(target, seen | {target}) for target in self._free[here] if target not in seen]
        raise FieldValueError("the regular expression is too complicated; make it shorter")


def _has_two_ways(inside: dict[int, list[tuple[int, int]]]) -> bool:
    pairs = [(one, other) for one in inside for other in inside]
    places = {pair: place for place, pair in enumerate(pairs)}
    steps: list[list[int]] = []
    for one, other in pairs:
        found = []
        for index, (mask, target) in enumerate(inside[one]):
            for second, (other_mask, other_target) in enumerate(inside[other]):
                if not mask & other_mask:
                    continue
                if one == other and target == other_target and index != second:
                    return True  # two ways at once
                found.append(places[target, other_target])
        steps.append(found)
    return any(
        any(one == other for one, other in met) and any(one != other for one, other in met)
        for met in ([pairs[place] for place in circle] for circle in _circles(steps))
    )


def _circles(steps: Sequence[Sequence[int]]) -> list[set[int]]:
    """Give the sets of places that all lead to each other (Kosaraju's way, without recursion)."""
    order: list[int] = []
    seen: set[int] = set()
    for first in range(len(steps)):
        if first not in seen:
            seen.add(first)
            order += _finished(first, steps, seen)
    backwards: list[list[int]] = [[] for _ in steps]
    for place, targets in enumerate(steps):
        for target in targets:
            backwards[target].append(place)
    circles, seen = [], set()
    for first in reversed(order):
        if first not in seen:
            seen.add(first)
            circle = set(_finished(first, backwards, seen))
            if len(circle) > 1 or first in steps[first]:
                circles.append(circle)
    return circles


def _finished(first: int, steps: Sequence[Sequence[int]], seen: set[int]) -> Iterator[int]:
    stack = [(first, iter(steps[first]))]
    while stack:
        place, targets = stack[-1]
        fresh = next((target for target in targets if target not in seen), None)
        if fresh is None:
            stack.pop()
            yield place
        else:
            seen.add(fresh)
            stack.append((fresh, iter(steps[fresh])))


def _is_one_character(steps: Steps) -> bool:
    return [str(kind) in {"LITERAL", "NOT_LITERAL", "IN", "ANY"} for kind, _ in steps] == [True]


def _cases(character: str) -> set[str]:
    return {one for one in (character, character.lower(), character.upper()) if len(one) == 1}


def _matches(kind: str, argument: Any, code: int) -> bool:
    match kind:
        case "LITERAL":
            return bool(code == argument)
        case "NOT_LITERAL":
            return bool(code != argument)
        case "RANGE":
            return bool(argument[0] <= code <= argument[1])
        case "CATEGORY":
            return re.match(_CATEGORIES[str(argument)], chr(code)) is not None
        case "IN":
            negated = bool(argument) and str(argument[0][0]) == "NEGATE"
            return negated != any(_matches(str(one), inner, code) for one, inner in argument if str(one) != "NEGATE")
    return True


_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
