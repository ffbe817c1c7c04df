"""Kinds of templates: pages, in which values are escaped, and plain text, in which they are not."""

from typing import Final

__all__ = ["is_plain_text"]

# Everything else is a page, such as those with unusual endings (.html.j2).
_PLAIN_TEXT: Final = (".md", ".txt")


def is_plain_text(name: str) -> bool:
    """Tell by the name of a template whether it makes plain text, which no browser may take for a page."""
    return name.lower().endswith(_PLAIN_TEXT)
