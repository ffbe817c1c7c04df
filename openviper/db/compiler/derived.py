"""SELECTs that stand in the FROM of another one."""

from typing import TYPE_CHECKING

from openviper.db.compiler.grouping import Selection
from openviper.db.compiler.lookups import LOOKUPS, PARTS
from openviper.db.compiler.scope import Found
from openviper.db.compiler.terms import Typed
from openviper.db.exceptions import FieldError

if TYPE_CHECKING:
    from sqlalchemy import FromClause

__all__ = ["Closed", "Derived"]


class Closed(Selection):
    """The scope of a SELECT in a FROM, which sees nothing of what is around it on most engines."""

    def outer_column(self, path: str) -> Typed:
        """Refuse a field of the query around.

        Raises:
            FieldError: In any case.
        """
        raise FieldError(
            f"OuterRef({path!r}) stands in a query that is read as a table: one of union() and the like, one whose "
            "windows are filtered, or one that takes different values of many rows; tie the rows to the one around "
            "with a condition outside of it"
        )


class Derived(Selection):
    """The scope of a SELECT from another one, whose columns are its annotations."""

    source: "FromClause"
    #: What the rows are, for messages.
    what: str = "grouped rows"

    def froms(self) -> "FromClause":
        """Give the other SELECT."""
        return self.source

    def find(self, path: str) -> Found:
        """Give a column, and what a path says behind its name.

        Raises:
            FieldError: There is none of the name.
        """
        names = tuple(path.split("__"))
        for length in range(len(names), 0, -1):
            column = self.annotations.get("__".join(names[:length]))
            rest = names[length:]
            if column is not None and (not rest or rest[0] in LOOKUPS or rest[0] in PARTS):
                return Found(column, None, rest)
        raise FieldError(f"{self.what} have no {path!r}; they have {', '.join(self.annotations)}")
