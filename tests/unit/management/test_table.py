"""Tables of commands."""

import io

import pytest

from openviper.management.table import write_table

ROWS = [("a", "[bold]x[/bold]"), ("longer", "é")]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_pipe_gets_aligned_text() -> None:
    """Headings are in capitals, columns as wide as their widest cell, and lines end with their text."""
    stream = io.StringIO()

    write_table(stream, ("Name", "Value"), ROWS)

    assert stream.getvalue() == "NAME    VALUE\na       [bold]x[/bold]\nlonger  é\n"


def test_table_without_rows_has_its_headings() -> None:
    """No rows leave the headings."""
    stream = io.StringIO()

    write_table(stream, ("Name", "Value"), [])

    assert stream.getvalue() == "NAME  VALUE\n"


def test_terminal_gets_colours_and_the_cells_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's table is coloured by column and folded to its width, and brackets are no markup."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()

    write_table(stream, ("Name", "Value"), [*ROWS, ("b", "x" * 30)], styles=("cyan",))

    shown = stream.getvalue()
    assert "\x1b[36mlonger\x1b[0m" in shown
    assert "[bold]x[/bol" in shown
    assert "x" * 30 not in shown
    assert shown.count("x") >= 30
