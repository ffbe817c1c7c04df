"""What a table keeps besides its columns: indexes, checks, uniqueness; as data, without SQL of any engine."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.utils import validate_identifier

__all__ = ["LONGEST_NAME", "CheckConstraint", "Index", "UniqueConstraint", "make_name", "screen_sql"]

#: Bytes of a name that every engine keeps; PostgreSQL cuts what is longer off, without a word.
LONGEST_NAME: Final = 63

# A literal with its doubled quotes, or a quoted name; what they hold is no SQL.
_QUOTED: Final = re.compile(r"'(?:[^'\\]|'')*'|\"[^\"\\]+\"")
# A backslash ends a literal on one engine and not on the next; $ quotes on PostgreSQL; # begins a comment on MySQL.
_MARKS: Final = (";", "--", "/*", "*/", "\\", "'", '"', "`", "$", "#", "\0")
_STATEMENT_WORD: Final = re.compile(
    r"\b(?:ALTER|ANALYZE|ATTACH|BEGIN|CALL|COMMENT|COMMIT|COPY|CREATE|DECLARE|DELETE|DETACH|DO|DROP|EXEC|EXECUTE|GRANT"
    r"|INSERT|INTO|LOAD|LOCK|MERGE|PRAGMA|REINDEX|RENAME|REVOKE|ROLLBACK|SAVEPOINT|SELECT|SET|TRUNCATE|UNION|UPDATE"
    r"|VACUUM|VALUES|WITH)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Index:
    """An index over one or more fields.

    Args:
        fields: Names of fields, ``"-name"`` for descending order.
        name: Its name in the database; None means one made of table and columns. ``%(class)s`` and ``%(app_label)s``
            stand for the model's name and app, for an abstract model.
        condition: SQL that a row must meet to be in the index, such as ``"deleted_at IS NULL"``; None means all rows.

    Raises:
        ModelDefinitionError: There are no fields, or the SQL is more than a condition.
    """

    fields: Sequence[str]
    name: str | None = None
    condition: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _read_fields(self.fields, "Index"))
        screen_sql(self.condition, "the condition of an Index")


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    """A condition that every row of the table meets.

    Args:
        name: Its name in the database; see ``Index``.
        check: SQL with the names of columns, such as ``"price >= 0"``.

    Raises:
        ModelDefinitionError: The SQL is empty or more than a condition.
    """

    name: str
    check: str

    def __post_init__(self) -> None:
        if not self.check.strip():
            raise ModelDefinitionError(f"CheckConstraint {self.name!r} checks nothing; write SQL such as 'price >= 0'")
        screen_sql(self.check, f"CheckConstraint {self.name!r}")


@dataclass(frozen=True, slots=True)
class UniqueConstraint:
    """Fields that no two rows have in common.

    Args:
        name: Its name in the database; see ``Index``.
        fields: Names of fields.
        condition: SQL that says for which rows this holds; None means all.

    Raises:
        ModelDefinitionError: There are no fields, or the SQL is more than a condition.
    """

    name: str
    fields: Sequence[str]
    condition: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _read_fields(self.fields, f"UniqueConstraint {self.name!r}"))
        screen_sql(self.condition, f"the condition of UniqueConstraint {self.name!r}")


def screen_sql(text: str | None, subject: str) -> None:
    """Refuse a piece of SQL that could be more than the condition that it stands for.

    Quoted texts and names are passed over. This guards against a slip, not against an author who means harm: such
    pieces come from the project's own code and from nowhere else.

    Args:
        text: The SQL; None passes.
        subject: Where it stands, for the message.

    Raises:
        ModelDefinitionError: It holds a comment, the end of a statement, an open quote or a word of a statement, or its
            parentheses do not match.
    """
    if text is None:
        return
    bare = _QUOTED.sub(" ", text)
    found = [mark for mark in _MARKS if mark in bare]
    found += _STATEMENT_WORD.findall(bare)
    if found:
        raise ModelDefinitionError(f"{subject} holds {found[0]!r}, which no condition needs: {text!r}")
    if not _is_balanced(bare):
        raise ModelDefinitionError(f"{subject} has parentheses that do not match: {text!r}")


def make_name(prefix: str, table: str, columns: Sequence[str]) -> str:
    """Make a name for an index or a constraint that is the same in every process, and short enough for every engine.

    Args:
        prefix: What it is: ``ix``, ``uq``, ``ck``, ``fk``.
        table: Name of the table.
        columns: Names of the columns.
    """
    whole = "_".join((prefix, table, *columns))
    if len(whole) <= LONGEST_NAME:
        return whole
    # Only long names need it, and it loads OpenSSL.
    from hashlib import blake2b

    digest = blake2b(whole.encode(), digest_size=4).hexdigest()
    return f"{whole[: LONGEST_NAME - len(digest) - 1]}_{digest}"


def _read_fields(given: object, subject: str) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise ModelDefinitionError(f"{subject} has the fields {given!r}; write a list of names: ['name']")
    names = tuple(given)
    for name in names:
        try:
            validate_identifier(str(name).removeprefix("-"), "field name")
        except ValueError as error:
            raise ModelDefinitionError(f"{subject}: {error}") from error
    if len({name.removeprefix("-") for name in names}) < len(names):
        raise ModelDefinitionError(f"{subject} names a field twice: {', '.join(names)}")
    return names


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0
