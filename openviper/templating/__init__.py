"""Pages from templates: rendering, and what other rooms put into every template.

Importing this loads no template engine; the first rendering does.
"""

from openviper.templating.engine import arender_to_string, get_jinja2_env, render_to_string, reset_templating
from openviper.templating.exceptions import TemplateError, TemplateNotFoundError
from openviper.templating.functions import clear_globals, register_global
from openviper.templating.processors import gather_context

__all__ = [
    "TemplateError",
    "TemplateNotFoundError",
    "arender_to_string",
    "clear_globals",
    "gather_context",
    "get_jinja2_env",
    "register_global",
    "render_to_string",
    "reset_templating",
]
