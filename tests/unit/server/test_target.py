"""From the name of an application to the application."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.server.exceptions import ApplicationLoadError
from openviper.server.target import Target


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are imported from; what was imported is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "module", "attribute"),
    [
        ("app", "app", "app"),
        ("app.py", "app", "app"),
        ("./app.py", "app", "app"),
        ("site/app.py", "site.app", "app"),
        ("shop.asgi", "shop.asgi", "app"),
        ("shop.asgi:app", "shop.asgi", "app"),
        ("shop.asgi:sites.main", "shop.asgi", "sites.main"),
        ("app.py:application", "app", "application"),
    ],
)
def test_forms_of_a_target(text: str, module: str, attribute: str) -> None:
    """A module, a file or a module with an attribute; the attribute is ``app`` if none is given."""
    target = Target.parse(text)

    assert (target.module, target.attribute) == (module, attribute)


@pytest.mark.parametrize(
    "text", ["", ":app", "shop:", "../app.py", "/srv/app.py", "shop asgi", "shop:a-b", "a..b", "1st"]
)
def test_text_that_is_no_target_is_refused(text: str) -> None:
    """Anything else is one error that shows the forms, and no code runs."""
    with pytest.raises(ApplicationLoadError, match=r"as in shop\.asgi:app, shop\.asgi or app\.py"):
        Target.parse(text)


def test_application_is_found(folder: Path) -> None:
    """The named object of the module is returned as it is."""
    (folder / "site_a.py").write_text("async def main(scope, receive, send): ...\n")

    app = Target.parse("site_a:main").load()

    assert app is sys.modules["site_a"].main


def test_factory_is_called_once(folder: Path) -> None:
    """A factory gives the application; it is called without arguments."""
    (folder / "site_b.py").write_text("calls = []\ndef make():\n    calls.append(1)\n    return lambda s, r, d: None\n")

    app = Target.parse("site_b:make", is_factory=True).load()

    assert callable(app)
    assert sys.modules["site_b"].calls == [1]


def test_missing_module_is_named_with_where_it_was_sought(folder: Path) -> None:
    """A wrong module is told apart from everything else, and the error is an ImportError."""
    with pytest.raises(ApplicationLoadError) as caught:
        Target.parse("no_such_site:app").load()

    assert str(caught.value) == (
        f"cannot load 'no_such_site:app': there is no module no_such_site in {folder} or among the installed packages"
    )
    assert isinstance(caught.value, ImportError)


def test_missing_parent_package_is_the_module_that_is_named(folder: Path) -> None:
    """Of a dotted name the message names the part that is missing."""
    with pytest.raises(ApplicationLoadError, match="there is no module no_such_package in "):
        Target.parse("no_such_package.asgi").load()


def test_module_missing_inside_is_not_a_missing_application(folder: Path) -> None:
    """An import that fails within the module is shown with its line, not as a wrong target."""
    (folder / "site_c.py").write_text("import no_such_library\n")

    with pytest.raises(ApplicationLoadError) as caught:
        Target.parse("site_c").load()

    assert "its code failed" in str(caught.value)
    assert 'site_c.py", line 1' in str(caught.value)
    assert "ModuleNotFoundError: No module named 'no_such_library'" in str(caught.value)


def test_traceback_of_a_failing_module_leaves_the_framework_out(folder: Path) -> None:
    """Only the project's own lines are shown."""
    (folder / "site_d.py").write_text("def fail():\n    return 1 / 0\n\nfail()\n")

    with pytest.raises(ApplicationLoadError) as caught:
        Target.parse("site_d").load()

    message = str(caught.value)
    assert message.count('  File "') == 2
    assert message.endswith("ZeroDivisionError: division by zero")
    assert "importlib" not in message
    assert "openviper" not in message.replace(str(folder), "")


def test_syntax_error_shows_the_line(folder: Path) -> None:
    """A syntax error needs no traceback; file and line are in it."""
    (folder / "site_e.py").write_text("x = (\n")

    with pytest.raises(ApplicationLoadError) as caught:
        Target.parse("site_e").load()

    assert "Traceback" not in str(caught.value)
    assert 'site_e.py", line 1' in str(caught.value)
    assert "SyntaxError" in str(caught.value)


def test_error_of_the_framework_speaks_for_itself(folder: Path) -> None:
    """What we raise on purpose is shown as its message alone."""
    (folder / "site_f.py").write_text(
        "from openviper.exceptions import ImproperlyConfigured\nraise ImproperlyConfigured('DEBUG is a tree')\n"
    )

    with pytest.raises(ApplicationLoadError) as caught:
        Target.parse("site_f").load()

    assert str(caught.value) == "cannot load 'site_f': DEBUG is a tree"
    assert isinstance(caught.value.__cause__, ImproperlyConfigured)


def test_failing_factory_is_reported_like_a_failing_module(folder: Path) -> None:
    """A factory is the project's code as well."""
    (folder / "site_g.py").write_text("def make():\n    raise LookupError('no table')\n")

    with pytest.raises(ApplicationLoadError, match="LookupError: no table"):
        Target.parse("site_g:make", is_factory=True).load()


@pytest.mark.parametrize("source", ["import sys\nsys.exit(0)\n", "def app():\n    raise SystemExit\n"])
def test_target_that_ends_the_process_cannot_be_loaded(folder: Path, source: str) -> None:
    """sys.exit() in the module, or in the factory, is a failure with its line, whatever its code."""
    (folder / "site_k.py").write_text(source)
    sys.modules.pop("site_k", None)

    with pytest.raises(ApplicationLoadError, match=r"its code failed[^$]*site_k\.py\", line 2[^$]*SystemExit"):
        Target.parse("site_k", is_factory="def" in source).load()


def test_missing_attribute_is_named(folder: Path) -> None:
    """A module without the name is told apart from a missing module."""
    (folder / "site_h.py").write_text("application = print\n")

    with pytest.raises(ApplicationLoadError, match="the module site_h has no 'app'"):
        Target.parse("site_h").load()


def test_object_that_cannot_be_called_is_no_application(folder: Path) -> None:
    """The message names the type of what was found."""
    (folder / "site_i.py").write_text("app = 'soon'\n")

    with pytest.raises(ApplicationLoadError, match="site_i:app is of type str, no ASGI application"):
        Target.parse("site_i").load()


def test_factory_that_gives_no_application_is_refused(folder: Path) -> None:
    """What the factory returned is checked like what the module holds."""
    (folder / "site_j.py").write_text("def make():\n    return None\n")

    with pytest.raises(ApplicationLoadError, match="of type NoneType"):
        Target.parse("site_j:make", is_factory=True).load()
