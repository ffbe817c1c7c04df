"""Rows of text under headings: drawn to fit a terminal, aligned for everything else."""

from collections.abc import Sequence
from typing import TextIO

from openviper.management.style import is_coloured, write_text

__all__ = ["write_table"]


def write_table(
    stream: TextIO, columns: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()
) -> None:
    """Write a table to a stream.

    Args:
        stream: A terminal gets colours and folded lines, any other stream one line a row with headings in capitals.
        columns: The headings.
        rows: The cells of each row, as many as there are columns.
        styles: The colour of each column on a terminal, in the words of rich; the empty string, and a column
            beyond the last of them, is plain.
    """
    if is_coloured(stream):
        _draw(stream, columns, rows, [*styles, *[""] * len(columns)])
    else:
        write_text(stream, _align([[column.upper() for column in columns], *rows]))


def _draw(stream: TextIO, columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> None:
    # rich is heavy, and only a terminal gets what it draws.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        # As Text, since a plain str is read for markup in brackets.
        table.add_row(*(Text(cell, style, overflow="fold") for cell, style in zip(row, styles, strict=False)))
    Console(file=stream).print(table)


def _align(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)
