"""What is counted over the whole package: escapes from the type checker, broad handlers, replaced code."""

import ast
import re

from tests.architecture import rules
from tests.architecture.source import Source, package, sources, thousands_of_lines

# The borders at which any error at all is answered, each a function.
BORDERS = {
    "openviper/app/application.py::_serve_lifespan": "one lifecycle hook",
    "openviper/app/answers.py::stream": "the outermost ASGI handler, for an answer that sends its messages itself",
    "openviper/app/dispatch.py::__call__": "the outermost ASGI handler",
    "openviper/app/life.py::serve_lifespan": "one lifecycle hook",
    "openviper/apps/cleanup.py::_run_each": "one lifecycle hook",
    "openviper/db/backends/sqlite/batch.py::_run": "one read of a thread that many share, whose waiter gets the error",
    "openviper/db/backends/worker.py::serve": "one job of a connection's thread, whose waiter gets the error",
    "openviper/db/transactions/aftermath.py::attempt": "one hook or handler after a statement or a transaction",
    "openviper/management/border.py::attempt": "one management command",
    "openviper/management/border.py::exit_code_of": "one management command",
    "openviper/middleware/base.py::__call__": "the outermost ASGI handler, further in: its answer gets the headers",
    "openviper/middleware/debug/text.py::tried": "one question to the class of an exception, for the page of an error",
    "openviper/middleware/errors.py::__call__": "the outermost ASGI handler",
    "openviper/middleware/errors.py::_tried": "the page of an error, in place of which plain text is sent",
    "openviper/middleware/errors.py::respond": "the outermost ASGI handler",
    "openviper/server/requests.py::_answer": "the outermost ASGI handler",
    "openviper/server/target.py::_guarded": "one management command",
}
# Where foreign code runs and its error goes on at once under a name of ours, with the cause chained to it.
NAMED = {
    "openviper/app/answers.py::compose",
    "openviper/app/answers.py::rewrite",
    "openviper/app/life.py::_run",
    "openviper/apps/lifecycle.py::_call_ready",
    "openviper/apps/lifecycle.py::_start_each",
    "openviper/apps/modules.py::_named_failure",
    "openviper/apps/plugins.py::run_plugin_ready",
    "openviper/conf/border.py::named_failure",
    "openviper/db/fields/temporal.py::_has_offset",
    "openviper/db/routers.py::_ask",
}
MOST_DYNAMIC = 4.0
MOST_ANY = 4.0
MOST_IGNORES = 1.0
MOST_REPLACED = 5.0

_REPLACED = re.compile(r"\bmonkeypatch\.set(?:attr|item)\b|\bunittest\.mock\b|\bmocker\b")


def test_broad_handlers_stand_at_the_borders_only() -> None:
    """Anything at all is caught where a request, a hook or a command ends, or to be named and raised again."""
    found = {f"{source.path}::{name}": node for source in package() for name, node in rules.broad_handlers(source)}
    assert set(found) == {*BORDERS, *NAMED}
    assert [place for place, node in found.items() if place in NAMED and not rules.names_the_cause(node)] == []


def test_broad_handler_says_why() -> None:
    """Each of them has a comment beside it."""
    found = [(source, name, node) for source in package() for name, node in rules.broad_handlers(source)]
    assert [
        f"{source.path}:{node.lineno} {name}" for source, name, node in found if not is_explained(source, node)
    ] == []


def is_explained(source: Source, node: ast.ExceptHandler | ast.Call) -> bool:
    return any(line in source.comments for line in range(node.lineno - 1, node.lineno + 2))


def test_broad_handler_is_found() -> None:
    """Every spelling counts; cleaning up and raising the same error again does not."""
    source = Source(
        "openviper/a.py",
        "def f():\n"
        "    try: pass\n"
        "    except Exception: pass\n"
        "    try: pass\n"
        "    except (ValueError, BaseException): pass\n"
        "    try: pass\n"
        "    except: pass\n"
        "    with contextlib.suppress(Exception): pass\n"
        "    try: pass\n"
        "    except BaseException as error:\n"
        "        close()\n"
        "        raise\n",
    )
    assert sorted(node.lineno for _, node in rules.broad_handlers(source)) == [3, 5, 7, 8]
    assert not any(is_explained(source, node) for _, node in rules.broad_handlers(source))
    assert not any(rules.names_the_cause(node) for _, node in rules.broad_handlers(source))


def test_named_cause_is_told_from_a_lost_one() -> None:
    """A handler passes for naming only when its last statement raises another error from the one it caught."""
    source = Source(
        "openviper/a.py",
        "def f():\n"
        "    try: pass\n"
        "    except Exception as error: raise AppError(error) from error\n"
        "    try: pass\n"
        "    except Exception as error: raise AppError(error) from None\n",
    )
    handlers = sorted((node for _, node in rules.broad_handlers(source)), key=lambda node: node.lineno)
    assert [rules.names_the_cause(node) for node in handlers] == [True, False]


def test_attributes_are_named_in_the_source() -> None:
    """At most four calls of getattr and its kin in a thousand lines."""
    count = sum(map(rules.dynamic_attributes, package()))
    assert count / thousands_of_lines(package()) <= MOST_DYNAMIC


def test_types_are_known() -> None:
    """At most four Any in a thousand lines, and one line that the type checker passes over."""
    assert sum(map(rules.any_annotations, package())) / thousands_of_lines(package()) <= MOST_ANY
    assert sum(map(rules.type_ignores, package())) / thousands_of_lines(package()) <= MOST_IGNORES


def test_counts_see_what_they_count() -> None:
    """Each count finds its subject in a sample."""
    source = Source("a.py", "x: Any = getattr(y, 'z')  # type: ignore[misc] - a sample\nhasattr(x, 'y')\n")
    assert rules.any_annotations(source) == 1
    assert rules.dynamic_attributes(source) == 2
    assert rules.type_ignores(source) == 1


def test_tests_use_the_real_thing() -> None:
    """Code is replaced at most five times in a hundred tests; the environment and the folder may be set freely."""
    tests = sources("tests")
    count = sum(name.startswith("test_") for source in tests for name in functions(source))
    replaced = sum(len(_REPLACED.findall(source.text)) for source in tests if source.path != this_file())
    assert replaced / (count / 100) <= MOST_REPLACED


def functions(source: Source) -> list[str]:
    return [node.name for node in source.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def this_file() -> str:
    return "tests/architecture/test_density.py"
