"""Filters and functions from files."""

import re
from collections.abc import Callable

import pytest

from openviper.conf import settings
from openviper.exceptions import ImproperlyConfigured
from openviper.templating import render_to_string
from openviper.templating.plugins import plugin_path

Write = Callable[[dict[str, str]], None]
Configure = Callable[..., None]


def test_functions_of_files_are_filters_and_globals(write: Write, configure: Configure) -> None:
    """Each function that a file defines is there by its name; imports and private names are not."""
    configure(JINJA_PLUGINS={"enable": True})
    write(
        {
            "jinja_plugins/filters/text.py": "def loud(x): return _up(x)\ndef _up(x): return x.upper()\n",
            "jinja_plugins/globals/site.py": "from os import getcwd\nLIMIT = 3\ndef motto(): return 'be <kind>'\n",
            "templates/page.html": "{{ 'hi'|loud }} {{ motto() }} {{ getcwd is defined }} {{ LIMIT is defined }}",
        }
    )

    assert render_to_string("page.html") == "HI be &lt;kind&gt; False False"


def test_plugins_are_off_by_default(write: Write, configure: Configure) -> None:
    """A file that nobody has enabled is not run."""
    configure()
    write({"jinja_plugins/filters/text.py": "raise SystemExit(1)", "templates/page.html": "ok"})

    assert render_to_string("page.html") == "ok"


def test_project_wins_over_apps(write: Write, configure: Configure) -> None:
    """Of two functions of one name that of the project counts, then that of the first app."""
    configure(INSTALLED_APPS=("blog", "shop"), JINJA_PLUGINS={"enable": True, "path": "tools"})
    write({"blog/__init__.py": "", "shop/__init__.py": "", "templates/page.html": "{{ a() }}{{ b() }}{{ c() }}"})
    for place, names in (("", "a"), ("blog/", "ab"), ("shop/", "abc")):
        source = "".join(f"def {name}(): return '{place or 'project/'}'\n" for name in names)
        write({f"{place}tools/globals/names.py": source})

    assert render_to_string("page.html") == "project/blog/shop/"


def test_all_says_what_a_file_gives(write: Write, configure: Configure) -> None:
    """With ``__all__`` a file may give what it imports, and keep what it defines."""
    configure(JINJA_PLUGINS={"enable": True})
    write(
        {
            "jinja_plugins/globals/tools.py": "from math import floor\n__all__ = ['floor']\ndef hidden(): ...\n",
            "templates/page.html": "{{ floor(2.5) }} {{ hidden is defined }}",
        }
    )

    assert render_to_string("page.html") == "2 False"


@pytest.mark.parametrize("name", ["eval", "exec", "open", "getattr", "compile", "__import__", "globals"])
@pytest.mark.parametrize("kind", ["filters", "globals"])
def test_unsafe_builtin_is_refused(name: str, kind: str, write: Write, configure: Configure) -> None:
    """A file cannot give a builtin that leads out of the sandbox, under any name."""
    configure(JINJA_PLUGINS={"enable": True})
    write({f"jinja_plugins/{kind}/bad.py": f"harmless = {name}\n__all__ = ['harmless']\n", "templates/page.html": ""})

    with pytest.raises(ImproperlyConfigured, match=r"bad\.py cannot be loaded: ValueError: 'harmless'.*sandbox"):
        render_to_string("page.html")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("import nowhere_at_all", "nowhere_at_all"),
        ("def broken(:", "SyntaxError"),
        ("x = 1\n__all__ = ['x']", "cannot be called"),
        ("__all__ = ['gone']", "cannot be called"),
    ],
)
def test_broken_file_is_named(source: str, text: str, write: Write, configure: Configure) -> None:
    """A file that cannot be used is one error with its path and the cause."""
    configure(JINJA_PLUGINS={"enable": True})
    write({"jinja_plugins/filters/bad.py": source, "templates/page.html": ""})

    with pytest.raises(ImproperlyConfigured, match=rf"(?s)bad\.py.*{re.escape(text)}"):
        render_to_string("page.html")


def test_class_of_a_file_may_be_a_dataclass(write: Write, configure: Configure) -> None:
    """A file is a module like any other, so a dataclass with text as annotations works in it."""
    configure(JINJA_PLUGINS={"enable": True})
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Money:\n    cents: int\ndef money(cents): return Money(cents).cents / 100\n"
    )
    write({"jinja_plugins/filters/money.py": source, "templates/page.html": "{{ 250|money }}"})

    assert render_to_string("page.html") == "2.5"


@pytest.mark.parametrize(
    "options",
    [{"enabled": True}, {"path": "../x"}, {"path": "/x"}, {"path": ""}, {"path": 3}, {"path": "a/../../b"}],
)
def test_odd_options_are_refused(options: dict[str, object]) -> None:
    """A misspelt key, and a folder that does not lie in the project, are errors of the setting."""
    with pytest.raises(ImproperlyConfigured, match="JINJA_PLUGINS"):
        plugin_path(options)


def test_options_are_read() -> None:
    """``enable`` switches plugins on, ``path`` names their folder."""
    settings.configure()

    assert plugin_path(settings.JINJA_PLUGINS) is None
    assert plugin_path({"enable": 1}) == "jinja_plugins"
    assert plugin_path({"enable": True, "path": "tools/jinja"}) == "tools/jinja"
    assert plugin_path({"path": "tools"}) is None
