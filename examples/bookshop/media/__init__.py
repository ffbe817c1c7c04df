"""Files that belong to books: covers and first pages, drawn and written when they are asked for."""

requires = ("catalogue",)
