"""The project's own source, read once: what the rules of the house look at."""

import ast
import functools
import io
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file; ``path`` is relative to the project, with slashes."""

    path: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of the project."""
        return cls(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python's own parser sees it."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        """The comment of each line that has one, without the hash."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}

    @property
    def line_count(self) -> int:
        """Lines of the file."""
        return self.text.count("\n")

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether it is the ``__init__`` of a package."""
        return self.path.endswith("__init__.py")


@functools.cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the given folders of the project, in the order of their paths."""
    return tuple(Source.read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def package() -> tuple[Source, ...]:
    """Every file of the framework itself."""
    return sources("openviper")


def thousands_of_lines(files: tuple[Source, ...]) -> float:
    """The size that budgets by density are divided by."""
    return sum(file.line_count for file in files) / 1000
