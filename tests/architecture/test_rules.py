"""The rules of the house, held against every file; and each rule held against a sample that breaks it."""

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule
from tests.architecture.source import Source, package, sources

EVERYWHERE: list[Rule] = [
    rules.class_length,
    rules.exports,
    rules.file_length,
    rules.function_length,
    rules.leftovers,
    rules.module_name,
    rules.positional_parameters,
    rules.silenced_tools,
]
IN_THE_PACKAGE: list[Rule] = [rules.local_imports, rules.module_getattr, rules.package_front]
IN_TESTS: list[Rule] = [rules.sleeping_tests, rules.stated_tests]


def rule_name(rule: object) -> str:
    return str(getattr(rule, "__name__", rule))


@pytest.mark.parametrize("rule", EVERYWHERE, ids=rule_name)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    """Package, tests, examples and benchmarks stay within the hard stops."""
    files = (*package(), *sources("tests", "examples", "benchmarks", "docs", ".ci"))
    assert [finding for source in files for finding in rule(source)] == []


@pytest.mark.parametrize("rule", IN_THE_PACKAGE, ids=rule_name)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    """What users import keeps the rules on imports and fronts."""
    assert [finding for source in package() for finding in rule(source)] == []


@pytest.mark.parametrize("rule", IN_TESTS, ids=rule_name)
def test_the_tests_keep_the_rule(rule: Rule) -> None:
    """Every test states what it proves, and none waits for a clock."""
    assert [finding for source in sources("tests") for finding in rule(source)] == []


LONG_DOCSTRING = "def f():\n    '''Long." + "\n" * 80 + "'''\n" + "    pass\n" * 59
BREAKING = [
    (rules.file_length, "openviper/a.py", "x = 1\n" * 501, "501 lines"),
    (rules.function_length, "openviper/a.py", "def f():\n" + "    pass\n" * 60, "f has 61 lines"),
    (rules.class_length, "openviper/a.py", "class A:\n" + "    x = 1\n" * 400, "A has 401 lines"),
    (rules.positional_parameters, "openviper/a.py", "def f(a, b, c, d, /, e, f, g, h): pass", "8 positional"),
    (rules.package_front, "openviper/a/__init__.py", "from a import b\n__all__ = ['b']\nSTATE = {}", ":3: a package's"),
    (rules.package_front, "openviper/a/__init__.py", "from a import b", "no __all__"),
    (rules.exports, "openviper/a.py", "__all__ = ['b', 'A']", "not sorted"),
    (rules.exports, "openviper/a.py", f"__all__ = {[f'n{number:02}' for number in range(41)]}", "41 names"),
    (rules.module_name, "openviper/http/utils.py", "", "says nothing"),
    (rules.module_name, "openviper/helpers/__init__.py", "", "says nothing"),
    (rules.module_getattr, "openviper/a.py", "def __getattr__(name): ...", "hides where"),
    (rules.local_imports, "openviper/a.py", "def f():\n    x = 1\n    import rich", ":3: an import inside f"),
    (rules.local_imports, "openviper/a.py", "# no\ndef f():\n    def g():\n        import rich", "inside g"),
    (rules.leftovers, "openviper/a.py", "x = 1  # TODO: later", ":1: TODO"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # type: ignore", "needs a code"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # type: ignore[misc]", "needs a code"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # noqa: BLE001", "needs a code"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # noqa", "needs a code"),
    (rules.stated_tests, "tests/test_a.py", "def test_a(): pass", "no docstring"),
    (rules.sleeping_tests, "tests/test_a.py", "import time\ntime.sleep(1)", ":2: sleeps"),
]
KEEPING = [
    (rules.file_length, "openviper/a.py", "x = 1\n" * 500),
    (rules.function_length, "openviper/a.py", LONG_DOCSTRING),
    (rules.positional_parameters, "openviper/a.py", "class A:\n    def f(self, a, b, c, d, e, f, g, *, h, i): pass"),
    (rules.package_front, "openviper/a/__init__.py", "'''Doc.'''\nfrom a import b\n__all__ = ['b']"),
    (rules.package_front, "openviper/a/__init__.py", "'''Doc.'''"),
    (rules.exports, "openviper/a.py", "__all__ = ['MOST', 'UNSET', 'App', 'Zebra', 'action']"),
    (rules.module_name, "openviper/http/headers.py", ""),
    (rules.local_imports, "openviper/a.py", "def f():\n    # rich is heavy\n    import rich\n    import rich.table"),
    (rules.local_imports, "openviper/a.py", "def f():\n    import rich  # heavy, and only for people"),
    (rules.leftovers, "openviper/a.py", "x = 'TODO'  # a word of the page"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # type: ignore[misc] - the stub lacks it"),
    (rules.silenced_tools, "openviper/a.py", "x = 1  # noqa: BLE001, S110 - the border of one hook"),
    (rules.silenced_tools, "a.py", "x = y  # type: ignore[name-defined]  # the point of it  # noqa: F821"),
    (rules.stated_tests, "tests/test_a.py", "def test_a():\n    '''A holds.'''"),
    (rules.sleeping_tests, "tests/test_a.py", "await asyncio.sleep(0)"),
]


@pytest.mark.parametrize(("rule", "path", "text", "says"), BREAKING)
def test_rule_finds_what_breaks_it(rule: Rule, path: str, text: str, says: str) -> None:
    """The finding begins with the place and names what is wrong."""
    (finding,) = rule(Source(path, text))
    assert finding.startswith(path)
    assert says in finding


@pytest.mark.parametrize(("rule", "path", "text"), KEEPING)
def test_rule_is_content_with_what_keeps_it(rule: Rule, path: str, text: str) -> None:
    """What stands just inside a rule is not reported."""
    assert list(rule(Source(path, text))) == []


def test_every_rule_is_tried_on_a_sample() -> None:
    """A rule that could not fail would prove nothing."""
    assert {rule for rule, *_ in BREAKING} == {*EVERYWHERE, *IN_THE_PACKAGE, *IN_TESTS}
