"""The page of promises and the tests that prove them, read so that each can be held against the other.

``python -m tests.architecture.promises --write`` fills the last column of the page from the docstrings of the
tests; without ``--write`` it prints the promises that no test names.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.architecture.source import ROOT, Source, sources

PAGE: Final = ROOT / "docs" / "reference" / "promises.md"
NUMBER: Final = re.compile(r"\b(?:C-\d{3}[a-z]{0,2}|A-\d{2})\b")
# More proofs than these only make the table wide; the tests name the rest.
MOST_SHOWN: Final = 3

_ROW: Final = re.compile(r"\A\| (?P<number>[AC]-\d+[a-z]{0,2}) \| (?P<promise>.+?) \| (?P<tests>.*?) ?\|\Z")


@dataclass(frozen=True, slots=True)
class Promise:
    """One row of the page: its number, the sentence, and the tests as ``path::name``."""

    number: str
    sentence: str
    tests: tuple[str, ...]

    def with_tests(self, tests: list[str]) -> str:
        """The row as the page has it, with these tests."""
        shown = "<br>".join(f"`{test}`" for test in tests)
        return f"| {self.number} | {self.sentence} | {shown} |"


def promises(page: str) -> Iterator[Promise]:
    """Yield the rows of the page."""
    for line in page.splitlines():
        if found := _ROW.match(line):
            tests = tuple(re.findall(r"`([^`]+)`", found["tests"]))
            yield Promise(found["number"], found["promise"], tests)


def proofs(files: tuple[Source, ...]) -> dict[str, list[str]]:
    """Map each number to the tests whose docstring names it, as ``path::name`` below ``tests/``."""
    found: dict[str, list[str]] = {}
    for source in files:
        for name, docstring in _tests(source.tree):
            for number in dict.fromkeys(NUMBER.findall(docstring)):
                found.setdefault(number, []).append(f"{source.path.removeprefix('tests/')}::{name}")
    return found


def filled(page: str, named: dict[str, list[str]]) -> str:
    """The page with the tests of each row, the ones closest to the promise first."""
    rows = {promise.number: promise for promise in promises(page)}
    lines = []
    for line in page.splitlines():
        found = _ROW.match(line)
        if found:
            lines.append(rows[found["number"]].with_tests(_closest(named.get(found["number"], []))))
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _closest(tests: list[str]) -> list[str]:
    # A test of several rooms together shows the promise as its user meets it.
    return sorted(tests, key=lambda test: (not test.startswith("integration/"), test))[:MOST_SHOWN]


def _tests(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write or list, as the module's docstring says; 1 when a promise has no test."""
    text = page.read_text(encoding="utf-8")
    named = proofs(sources("tests"))
    if "--write" in arguments:
        page.write_text(filled(text, named), encoding="utf-8")
    missing = [promise for promise in promises(text) if promise.number not in named]
    for promise in missing:
        print(f"{promise.number}: no test names it: {promise.sentence}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
