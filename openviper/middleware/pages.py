"""Pages about errors: each brings its own style and the policy that allows nothing else."""

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Final

from openviper.http.response import HTMLResponse

__all__ = ["build_page", "short_page"]

_POLICY: Final = "content-security-policy"
_SHORT_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1.0625rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 18vh auto 2rem; padding: 0 1.25rem; }
h1 { font-size: 3rem; line-height: 1; margin: 0 0 1rem; font-variant-numeric: tabular-nums; }
p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
p + p { margin-top: 1.5rem; font-size: 0.875rem; opacity: 0.75; }
"""


def build_page(
    title: str, body: str, *, style: str, status: int, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Build a page that works under any content security policy, since it has one of its own.

    Args:
        title: Plain text.
        body: Markup; everything in it that is not ours has been escaped.
        style: The only style sheet.
        status: The HTTP status.
        headers: Further headers; a policy among them wins. None means none.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    given = dict(headers or {})
    if _POLICY not in map(str.lower, given):
        given[_POLICY] = policy
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
    # File names and messages may hold halves of characters, which UTF-8 cannot write.
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status, given)


def short_page(
    status: int, text: str, headers: Mapping[str, str] | None = None, *, reference: str | None = None
) -> HTMLResponse:
    """Build the page that visitors see: the status and one text.

    Args:
        status: The HTTP status.
        text: Plain text.
        headers: Further headers; None means none.
        reference: The id of the request, for a visitor who reports the error; None shows none.
    """
    body = f"<h1>{status}</h1>\n<p>{html.escape(text)}</p>\n"
    if reference is not None:
        body += f"<p>Request <code>{html.escape(reference)}</code></p>\n"
    return build_page(str(status), body, style=_SHORT_STYLE, status=status, headers=headers)
