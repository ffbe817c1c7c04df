"""The runserver command, as far as nothing is served."""

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


@pytest.mark.parametrize("name", ["runserver", "start-server"])
def test_help_lists_the_options_even_with_broken_settings(site: "Site", name: str) -> None:
    """Both names explain themselves without reading the project (C-035)."""
    site.write({"settings.py": "1 / 0\n"})

    outcome = site.run(name, "--help")

    assert outcome.code == 0
    for option in ("--host", "--port", "--reload", "--no-reload", "--workers", "--log-level", "--no-access-log"):
        assert option in outcome.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--port", "70000"), "cannot listen on 127.0.0.1 port 70000: a port is a number from 0 to 65535\n"),
        (("--port", "0", "--workers", "0"), "0 workers cannot serve; ask for 1 or more\n"),
    ],
)
def test_impossible_wish_is_one_line(package_layout: "Site", words: tuple[str, ...], message: str) -> None:
    """Exit code 1 and one line on stderr, before the application is imported."""
    package_layout.write({"web/asgi.py": "raise AssertionError('imported')\n"})

    outcome = package_layout.run("runserver", *words)

    assert (outcome.code, outcome.out, outcome.err) == (1, "", message)


def test_word_for_a_number_is_a_usage_error(package_layout: "Site") -> None:
    """A port that is no number is exit code 2, as everywhere."""
    outcome = package_layout.run("runserver", "--port", "http")

    assert outcome.code == 2
    assert "--port" in outcome.err


def test_target_and_application_are_told_apart(package_layout: "Site") -> None:
    """``.`` means the project; a word with a colon is the application, and a wrong one is named."""
    project = package_layout.run("runserver", ".", "--port", "70000")
    application = package_layout.run("runserver", "web.missing:app", "--port", "0", "--no-reload")

    assert "a port is a number" in project.err
    assert application.code == 1
    assert "cannot load 'web.missing:app': there is no module web.missing in" in application.err


def test_folder_without_project_has_nothing_to_serve(site: "Site") -> None:
    """The message names the folder and how to begin."""
    outcome = site.run("runserver", "--port", "0")

    assert outcome.code == 1
    assert f"no project found in {site.root}" in outcome.err


def test_port_in_use_is_told(package_layout: "Site") -> None:
    """A taken port is named with a way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        outcome = package_layout.run("runserver", "--port", str(other.getsockname()[1]))

    assert outcome.code == 1
    assert "another program listens there" in outcome.err
