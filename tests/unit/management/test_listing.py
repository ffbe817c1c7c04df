"""The printed list of commands."""

from typing import TYPE_CHECKING

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.management.listing import write_listing
from openviper.management.registry import list_commands

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


@pytest.mark.usefixtures("site")
def test_every_command_is_one_aligned_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Each built-in command is a line of its name and its sentence, all sentences in one column (C-035)."""
    write_listing("viperctl", None)

    lines = capsys.readouterr().out.splitlines()
    commands = lines[lines.index("Commands:") + 1 : -2]
    assert [line.split(maxsplit=1) for line in commands] == [[one.name, one.help] for one in list_commands()]
    assert len({line.index(one.help) for line, one in zip(commands, list_commands(), strict=True)}) == 1
    assert lines[-1] == "Arguments of one command: viperctl COMMAND --help"


def test_reason_for_a_shorter_list_goes_to_stderr(site: "Site", capsys: pytest.CaptureFixture[str]) -> None:
    """What keeps the commands of apps from being listed is one note, and stdout holds the list (C-035)."""
    write_listing("viperctl", None, ImproperlyConfigured("no such module"))

    captured = capsys.readouterr()
    assert "Commands:" in captured.out
    assert captured.err == "Note: commands of apps are not listed: no such module\n"
