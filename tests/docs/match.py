"""Comparing what was printed with what a page shows, where ``...`` stands for anything."""

import re

__all__ = ["difference", "matches"]


def matches(shown: str, printed: str) -> bool:
    """Tell whether a print is what the page shows.

    ``...`` alone on a line stands for any number of lines, none included; within a line for any text of that
    line. White space at the end of a line, and empty lines at both ends, do not count.
    """
    pattern = "".join(_pattern(line) for line in _lines(shown))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed))) is not None


def difference(shown: str | None, printed: str) -> str | None:
    """Describe how a print differs from what the page shows.

    Args:
        shown: The block of the page; None when it shows nothing, which accepts everything.
        printed: What was really printed.

    Returns:
        Both texts, one below the other; None when they agree.
    """
    if shown is None or matches(shown, printed):
        return None
    return f"the page shows:\n{_indented(shown)}\nand this was printed:\n{_indented(printed)}"


def _pattern(line: str) -> str:
    if line.strip() == "...":
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.split("...")) + r"\n"


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
