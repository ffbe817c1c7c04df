"""Pages and plain text."""

from collections.abc import Callable

import pytest

from openviper.templating import TemplateError, render_to_string
from openviper.templating.kinds import is_plain_text

Write = Callable[[dict[str, str]], None]


@pytest.mark.parametrize(
    ("name", "plain"),
    [("mail.txt", True), ("a/READ.ME.MD", True), ("page.html", False), ("a.txt.html", False), ("txt", False)],
)
def test_kind_is_told_by_the_ending(name: str, plain: bool) -> None:
    """Two endings are plain text, in any case of letters; everything else is a page."""
    assert is_plain_text(name) is plain


@pytest.mark.parametrize(
    "tag",
    [
        '{% include "part.txt" %}',
        '{% include ["gone.html", "part.txt"] ignore missing %}',
        '{% extends "part.txt" %}',
        '{% import "part.txt" as part %}',
        '{% from "part.txt" import show with context %}',
        "{% include name %}",
    ],
)
def test_page_takes_in_no_plain_text(tag: str, write: Write, configure: Callable[..., None]) -> None:
    """What stands in plain text would reach the page unescaped, so the page is refused with the line that asks."""
    configure()
    write({"templates/part.txt": "{% macro show() %}{{ x }}{% endmacro %}{{ x }}", "templates/page.html": f"\n{tag}"})

    with pytest.raises(TemplateError, match=r"'part.txt' is plain text") as caught:
        render_to_string("page.html", {"x": "<script>", "name": "part.txt"})

    assert caught.value.line == 2


def test_plain_text_takes_in_anything(write: Write, configure: Callable[..., None]) -> None:
    """A mail may share parts with other mails, and with pages, whose values stay escaped."""
    configure()
    write(
        {
            "templates/mail.txt": '{% include "foot.txt" %} {% include "part.html" %}',
            "templates/foot.txt": "{{ x }}",
            "templates/part.html": "{{ x }}",
        }
    )

    assert render_to_string("mail.txt", {"x": "A & B"}) == "A & B A &amp; B"
