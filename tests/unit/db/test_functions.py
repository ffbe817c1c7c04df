"""The functions of the database by the name that users import."""

from openviper.db import functions
from openviper.db.query import functions as described


def test_every_function_can_be_imported() -> None:
    """All functions that queries know are there, and nothing of the machinery."""
    kinds = {name for name in described.__all__ if name not in {"FUNCTIONS", "Function"}}
    assert set(functions.__all__) == kinds
    assert all(getattr(functions, name) is getattr(described, name) for name in kinds)
