"""The create-command command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_command_is_made_and_runs(root_layout: "Site") -> None:
    """The new module is found by the command line at once, since its app is installed."""
    made = root_layout.run("create-command", "say-hello", "blog")
    said = root_layout.run("say-hello", "--name", "Ada")

    assert made.code == 0
    assert made.out == (
        f"Created {root_layout.root / 'blog/management/commands/say_hello.py'}\n"
        "It runs as say-hello, once blog is in INSTALLED_APPS.\n"
    )
    assert (said.code, said.out) == (0, "Hello, Ada!\n")


def test_directory_says_where_the_app_lies(site: "Site") -> None:
    """The app may lie below another folder than the working one."""
    site.write({"sites/blog/__init__.py": ""})

    outcome = site.run("create-command", "say-hello", "blog", "--directory", "sites")

    assert outcome.code == 0
    assert "sites/blog/management/commands/say_hello.py" in site.files()


def test_missing_app_is_exit_code_one(site: "Site") -> None:
    """The message says how to make the app first."""
    outcome = site.run("create-command", "say-hello", "blog")

    assert outcome.code == 1
    assert outcome.err == f"no app 'blog' below {site.root}; create it with: create-app blog\n"


def test_both_names_are_needed(site: "Site") -> None:
    """A missing word is a usage error."""
    assert site.run("create-command", "say-hello").code == 2
