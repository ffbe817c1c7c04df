"""Public names: there, documented, and every module with its tests."""

import ast
import importlib
import inspect
import types

import pytest

from tests.architecture.rules import exported
from tests.architecture.source import ROOT, Source, package

# Modules without behaviour of their own.
UNTESTED = {"openviper.__main__", "openviper._version", "openviper.types"}
LEAST_SHARE = 0.9

MODULES = [source for source in package() if exported(source) is not None]


@pytest.mark.parametrize("source", MODULES, ids=lambda source: source.module)
def test_public_name_is_there_and_documented(source: Source) -> None:
    """What ``__all__`` lists exists, and every class and function of it has a docstring of its own."""
    module = importlib.import_module(source.module)
    names = exported(source) or []
    assert [name for name in names if not hasattr(module, name)] == []
    assert [name for name in names if is_undocumented(getattr(module, name))] == []


def is_undocumented(value: object) -> bool:
    if inspect.isclass(value):
        # An inherited docstring describes the parent.
        return not (value.__dict__.get("__doc__") or "").strip()
    if isinstance(value, types.FunctionType):
        return not (value.__doc__ or "").strip()
    return False


def test_missing_docstring_is_found() -> None:
    """A class that only inherits its docstring has none."""

    class Parent:
        """Documented."""

    class Child(Parent):
        pass

    assert not is_undocumented(Parent)
    assert is_undocumented(Child)
    assert is_undocumented(lambda: None)


def test_every_module_has_a_docstring() -> None:
    """The first thing in a file says what belongs there."""
    assert [source.path for source in package() if not has_docstring(source)] == []


def has_docstring(source: Source) -> bool:
    return bool(ast.get_docstring(source.tree))


def test_modules_have_a_test_file_of_their_name() -> None:
    """At least nine modules in ten are tested where a reader would look first."""
    modules = [source for source in package() if not source.is_package and source.module not in UNTESTED]
    lonely = [source.path for source in modules if not has_test_file(source)]
    assert 1 - len(lonely) / len(modules) >= LEAST_SHARE, lonely


def has_test_file(source: Source) -> bool:
    """A file of a folder that is one subject may be tested by the one file of the folder's name."""
    *folders, name = source.module.split(".")[1:]
    own = ROOT.joinpath("tests", "unit", *folders, f"test_{name}.py")
    shared = ROOT.joinpath("tests", "unit", *folders[:-1], f"test_{folders[-1]}.py") if len(folders) > 1 else own
    return own.exists() or shared.exists()
