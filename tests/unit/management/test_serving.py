"""The options of the commands that serve."""

from pathlib import Path

import pytest

from openviper.management.arguments import CommandParser
from openviper.management.exceptions import UsageError
from openviper.management.serving import add_serving_arguments


def read(*words: str, is_short: bool = False) -> dict[str, object]:
    """The values that a command line gives."""
    parser = CommandParser("serve", add_help=False)
    add_serving_arguments(parser, is_short=is_short)
    return parser.parse_words(words)


def test_defaults_are_those_of_a_single_local_server() -> None:
    """Without options a server listens on this machine only, and logs requests as text."""
    assert read() == {
        "host": "127.0.0.1",
        "port": 8000,
        "uds": None,
        "uds_mode": 0o660,
        "server": "uvicorn",
        "workers": 1,
        "log_level": "info",
        "log_format": None,
        "access_log": True,
        "graceful_timeout": 30.0,
    }


def test_every_option_has_its_value() -> None:
    """Each option is read into the type that the server takes."""
    words = (
        "--uds /run/shop.sock --uds-mode 666 --server granian --workers 3 --log-level debug --log-format json "
        "--no-access-log --graceful-timeout 2.5"
    )
    values = read(*words.split())

    assert (values["uds"], values["uds_mode"], values["server"]) == (Path("/run/shop.sock"), 0o666, "granian")
    assert (values["workers"], values["log_level"], values["log_format"]) == (3, "debug", "json")
    assert (values["access_log"], values["graceful_timeout"]) == (False, 2.5)


def test_short_names_are_there_where_they_are_wanted() -> None:
    """``-h`` is the host, as in other servers, or nothing."""
    values = read("-h", "0.0.0.0", "-p", "80", "-w", "2", is_short=True)

    assert (values["host"], values["port"], values["workers"]) == ("0.0.0.0", 80, 2)
    with pytest.raises(UsageError):
        read("-h", "0.0.0.0")


@pytest.mark.parametrize("mode", ["rw", "888", "1777", "-1", ""])
def test_mode_that_is_none_is_explained(mode: str) -> None:
    """A mode is octal and holds the permissions only."""
    with pytest.raises(UsageError, match="is no mode of a file; write it in octal"):
        read(f"--uds-mode={mode}")


@pytest.mark.parametrize("words", ["--server hypercorn", "--log-format xml", "--graceful-timeout soon"])
def test_unknown_values_are_refused(words: str) -> None:
    """What is offered stands in the message of what is not."""
    with pytest.raises(UsageError):
        read(*words.split())
