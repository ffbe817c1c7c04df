"""The rules of the house, each a function from one file to what breaks it.

CONTRIBUTING.md tells the reasons; the numbers here are its hard stops. A finding is one line of text that begins
with the place, so that a failing test can be read without this file.
"""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tests.architecture.source import Source

Rule: TypeAlias = Callable[[Source], Iterator[str]]
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

MOST_FILE_LINES: Final = 500
MOST_FUNCTION_LINES: Final = 60
MOST_CLASS_LINES: Final = 400
MOST_POSITIONAL: Final = 7
MOST_EXPORTS: Final = 40

# A module is named after its one subject; these names have none.
NAMELESS: Final = frozenset({"base_utils", "common", "compat", "constants", "helpers", "misc", "types2", "utils"})
# Users import from it by this name; it holds the checks of identifiers and nothing else.
PROMISED_NAMES: Final = frozenset({"openviper.db.utils"})

_LEFTOVER: Final = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_TYPE_IGNORE: Final = re.compile(r"\btype:\s*ignore\b(?P<codes>\[[\w, -]+\])?")
_NOQA: Final = re.compile(r"\bnoqa\b(?P<codes>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?")


def file_length(source: Source) -> Iterator[str]:
    """A file holds one noun and ends before 500 lines."""
    if source.line_count > MOST_FILE_LINES:
        yield f"{source.path}: {source.line_count} lines, at most {MOST_FILE_LINES}"


def function_length(source: Source) -> Iterator[str]:
    """A function ends before 60 lines, its docstring not counted."""
    for node in _functions(source):
        lines = _lines(node) - _docstring_lines(node)
        if lines > MOST_FUNCTION_LINES:
            yield f"{_at(source, node)}: {node.name} has {lines} lines, at most {MOST_FUNCTION_LINES}"


def class_length(source: Source) -> Iterator[str]:
    """A class ends before 400 lines."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and _lines(node) > MOST_CLASS_LINES:
            yield f"{_at(source, node)}: {node.name} has {_lines(node)} lines, at most {MOST_CLASS_LINES}"


def positional_parameters(source: Source) -> Iterator[str]:
    """No call needs more than seven things in the right order."""
    for node in _functions(source):
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > MOST_POSITIONAL:
            yield f"{_at(source, node)}: {node.name} takes {count} positional parameters, at most {MOST_POSITIONAL}"


def package_front(source: Source) -> Iterator[str]:
    """An ``__init__`` holds a docstring, imports and ``__all__``; no logic, no state."""
    if not source.is_package:
        return
    for node in source.tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (is_docstring or isinstance(node, ast.Import | ast.ImportFrom) or _is_exports(node)):
            yield f"{_at(source, node)}: a package's __init__ holds a docstring, imports and __all__ only"
    if exported(source) is None and any(isinstance(node, ast.Import | ast.ImportFrom) for node in source.tree.body):
        yield f"{source.path}: imports names and has no __all__ that says which are public"


def exports(source: Source) -> Iterator[str]:
    """``__all__`` is sorted (constants, classes, the rest) and has at most 40 names."""
    names = exported(source)
    if names is None:
        return
    if names != sorted(names, key=_export_order):
        yield f"{source.path}: __all__ is not sorted: constants, classes, then the rest, each by name"
    if len(names) > MOST_EXPORTS:
        yield f"{source.path}: __all__ has {len(names)} names, at most {MOST_EXPORTS}"


def module_name(source: Source) -> Iterator[str]:
    """A module is named after its subject."""
    if source.module.rpartition(".")[2] in NAMELESS and source.module not in PROMISED_NAMES:
        yield f"{source.path}: the name says nothing about what is inside"


def module_getattr(source: Source) -> Iterator[str]:
    """A module has the names that stand in it: no ``__getattr__`` makes them up."""
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            yield f"{_at(source, node)}: a module-level __getattr__ hides where names come from"


def local_imports(source: Source) -> Iterator[str]:
    """An import inside a function has a comment that names what it keeps away."""
    for function in _functions(source):
        explained = 0
        imports = [node for node in _own_nodes(function) if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in sorted(imports, key=lambda node: node.lineno):
            end = node.end_lineno or node.lineno
            near = range(node.lineno - 1, end + 1)
            # A run of imports shares the comment above its first line.
            if any(line in source.comments for line in near) or node.lineno == explained + 1:
                explained = end
            else:
                yield f"{_at(source, node)}: an import inside {function.name} without a comment that says why"


def leftovers(source: Source) -> Iterator[str]:
    """Nothing in the tree waits for a later day."""
    for line, comment in source.comments.items():
        if _LEFTOVER.search(comment):
            yield f"{source.path}:{line}: {comment}"


def silenced_tools(source: Source) -> Iterator[str]:
    """Whoever silences a tool says which rule, and why, on the same line."""
    for line, comment in source.comments.items():
        silenced = [*_TYPE_IGNORE.finditer(comment), *_NOQA.finditer(comment)]
        reason = _NOQA.sub("", _TYPE_IGNORE.sub("", comment))
        if silenced and (len(re.findall(r"\w+", reason)) < 2 or any(found["codes"] is None for found in silenced)):
            yield f"{source.path}:{line}: {comment!r} needs a code and, after a dash, the reason"


def stated_tests(source: Source) -> Iterator[str]:
    """A test states as a fact what it proves."""
    for node in _functions(source):
        if node.name.startswith("test_") and not ast.get_docstring(node):
            yield f"{_at(source, node)}: {node.name} has no docstring that states the behaviour"


def sleeping_tests(source: Source) -> Iterator[str]:
    """A test waits for what it needs, never for a while."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}:
            yield f"{_at(source, node)}: sleeps; wait for the event itself, or pass a clock"


def broad_handlers(source: Source) -> list[tuple[str, ast.ExceptHandler | ast.Call]]:
    """Find every place that catches anything at all, with the name of the function around it."""
    found: list[tuple[str, ast.ExceptHandler | ast.Call]] = []
    for function in _functions(source):
        for node in _own_nodes(function):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node.type) and not _passes_on(node):
                found.append((function.name, node))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                found.extend((function.name, node) for kind in node.args if _catches_all(kind))
    return found


def names_the_cause(handler: ast.ExceptHandler | ast.Call) -> bool:
    """Tell whether a handler ends by raising another error with the caught one as its cause."""
    last = handler.body[-1] if isinstance(handler, ast.ExceptHandler) else None
    return (
        isinstance(handler, ast.ExceptHandler)
        and isinstance(last, ast.Raise)
        and isinstance(last.cause, ast.Name)
        and last.cause.id == handler.name
    )


def dynamic_attributes(source: Source) -> int:
    """Count the calls of getattr, hasattr and setattr: attributes that no tool can follow."""
    calls = (node.func for node in source.nodes if isinstance(node, ast.Call))
    return sum(isinstance(call, ast.Name) and call.id in {"getattr", "hasattr", "setattr", "delattr"} for call in calls)


def any_annotations(source: Source) -> int:
    """Count the places where Any stands."""
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in source.nodes)


def type_ignores(source: Source) -> int:
    """Count the lines that the type checker is told to pass over."""
    return sum(_TYPE_IGNORE.search(comment) is not None for comment in source.comments.values())


def exported(source: Source) -> list[str] | None:
    """The names in ``__all__``; None when the file has none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and _is_exports(node):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def _functions(source: Source) -> Iterator[Function]:
    return (node for node in source.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Everything inside a function, without what belongs to a function inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _is_exports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(it, ast.Name) and it.id == "__all__" for it in node.targets)


def _export_order(name: str) -> tuple[int, str]:
    # As Ruff has it: one capital letter is the name of a class, such as F and Q.
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def _catches_all(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(isinstance(it, ast.Name) and it.id in {"Exception", "BaseException"} for it in kinds)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether the handler only cleans up: its last statement raises the very error again."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and (
        last.exc is None or (isinstance(last.exc, ast.Name) and last.exc.id == handler.name)
    )


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring_lines(node: Function) -> int:
    return _lines(node.body[0]) if ast.get_docstring(node) else 0


def _at(source: Source, node: ast.stmt | ast.expr) -> str:
    return f"{source.path}:{node.lineno}"
