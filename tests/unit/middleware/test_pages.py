"""Pages about errors."""

import base64
import hashlib
import re

from openviper.middleware.pages import build_page, short_page


def test_page_allows_its_own_style_and_nothing_else() -> None:
    """The policy of a page holds the digest of its style sheet as it stands in the page."""
    page = build_page("A page", "<p>text</p>", style="p { color: red }", status=500)
    style = re.search(rb"<style>(.*?)</style>", page.body, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert "unsafe" not in policy


def test_policy_of_an_error_wins() -> None:
    """Whoever raises an error with a policy of its own has decided, in any spelling."""
    page = short_page(403, "no", {"Content-Security-Policy": "default-src 'self'"})
    assert page.headers.getlist("content-security-policy") == ["default-src 'self'"]


def test_text_of_a_short_page_is_no_markup() -> None:
    """Status and text are all there is, and what looks like markup is text; halves of characters are written out."""
    page = short_page(404, "<b>\udcff</b>", {"x-reason": "none"})
    assert (page.status_code, page.headers["x-reason"]) == (404, "none")
    assert b"<h1>404</h1>\n<p>&lt;b&gt;\\udcff&lt;/b&gt;</p>" in page.body
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_reference_stands_below_the_text() -> None:
    """A visitor can name the request in a report; without one the page says nothing of it."""
    assert b"</p>\n<p>Request <code>7f&lt;</code></p>" in short_page(500, "no", reference="7f<").body
    assert b"Request" not in short_page(500, "no").body
