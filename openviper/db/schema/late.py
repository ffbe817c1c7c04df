"""What definitions with expressions in them need of the compiler, which stands above and loads with the first such one.

A table without any is written from data alone.
"""

from typing import TYPE_CHECKING, Protocol

from openviper.db.dialects.base import Dialect
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.primitives.imports import LateModule

__all__ = ["expressions"]


class Expressions(Protocol):
    """See ``openviper.db.compiler.literals``."""

    def default_text(self, field: AnyField, options: Options, dialect: Dialect) -> str:
        """Write the default of a column."""

    def key_text(self, expression: object, options: Options, dialect: Dialect) -> tuple[str, bool]:
        """Write what an index keeps, and tell whether the largest comes first."""

    def condition_text(self, condition: object, options: Options, dialect: Dialect) -> str:
        """Write a condition for rows."""


if TYPE_CHECKING:
    expressions: Expressions
else:
    expressions = LateModule("openviper.db.compiler.literals")
