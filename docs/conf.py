"""How the documents are built; `make docs` does it, with warnings as errors."""

from openviper import __version__

project = "OpenViper"
author = "The OpenViper authors"
project_copyright = "The OpenViper authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

# Headings get anchors, so that a page can point into another one.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
# A module's own docstring draws trees and tables that belong to the reader of the source.
autodoc_default_options = {"show-inheritance": True}
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"OpenViper {__version__}"
html_show_sphinx = False
html_copy_source = False
