"""The page on stored values says what the dialects do."""

from pathlib import Path
from typing import Final

import pytest

from openviper.db import fields
from openviper.db.dialects.engines import get_dialect
from openviper.db.fields.base import AnyField

PAGE: Final = Path(__file__).parents[4] / "docs/reference/stored-values.md"
ENGINES: Final = ("sqlite", "postgresql", "mariadb", "oracle", "mssql")
FIELDS: Final[dict[str, AnyField]] = {
    "SmallIntegerField()": fields.SmallIntegerField(),
    "IntegerField()": fields.IntegerField(),
    "BigIntegerField()": fields.BigIntegerField(),
    "FloatField()": fields.FloatField(),
    "DecimalField(max_digits=10, decimal_places=2)": fields.DecimalField(max_digits=10, decimal_places=2),
    "DecimalField(max_digits=50, decimal_places=2)": fields.DecimalField(max_digits=50, decimal_places=2),
    "BooleanField()": fields.BooleanField(),
    "CharField(max_length=100)": fields.CharField(max_length=100),
    "TextField()": fields.TextField(),
    "UUIDField()": fields.UUIDField(),
    "DateField()": fields.DateField(),
    "TimeField()": fields.TimeField(),
    "DateTimeField()": fields.DateTimeField(),
    "DurationField()": fields.DurationField(),
    "JSONField()": fields.JSONField(),
    "BinaryField()": fields.BinaryField(),
    "ArrayField(IntegerField())": fields.ArrayField(fields.IntegerField()),
    "GenericIPAddressField()": fields.GenericIPAddressField(),
}


def row_of(name: str) -> str:
    types = [get_dialect(engine).form_of(FIELDS[name]).column_type for engine in ENGINES]
    return " | ".join([f"| `{name}`", *(f"`{one}`" for one in types)]) + " |"


@pytest.mark.parametrize("name", FIELDS)
def test_page_names_the_types(name: str) -> None:
    """Each kind of field has its row, with the types of the engines."""
    assert row_of(name) in PAGE.read_text().splitlines()
