"""The functions of the database by the name that users import."""

from openviper.db import functions
from openviper.db.query import functions as described
from openviper.db.query import windows


def test_every_function_can_be_imported() -> None:
    """All functions that queries know are there, and nothing of the machinery."""
    machinery = {"FUNCTIONS", "Function", "Frame", "RowRange", "ValueRange", "Window", "WindowFunction"}
    kinds = {name: module for module in (described, windows) for name in module.__all__ if name not in machinery}
    assert set(functions.__all__) == set(kinds)
    assert all(getattr(functions, name) is getattr(module, name) for name, module in kinds.items())
