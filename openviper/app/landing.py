"""The page of a project that has no page yet; shown at ``/`` in debug only."""

from openviper.http.response import HTMLResponse

__all__ = ["landing_page"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1.0625rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 12vh auto; padding: 0 1.25rem; }}
code, pre {{ font-family: ui-monospace, monospace; font-size: .9375em; }}
pre {{ padding: .875rem 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent);
  border-radius: .5rem; overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title} is running</h1>
<p>There is no page at <code>/</code> yet. Add one to a router that <code>route_paths</code> lists:</p>
<pre>@router.get("/")
async def home():
    return "Hello"</pre>
<p>This page is shown while <code>DEBUG</code> is on.</p>
</body>
</html>
"""


def landing_page(title: str) -> HTMLResponse:
    """Build the page.

    Args:
        title: Name of the application, as plain text.
    """
    import html  # its table of entities is of no use to an application with a page of its own

    return HTMLResponse(_PAGE.format(title=html.escape(title)))
