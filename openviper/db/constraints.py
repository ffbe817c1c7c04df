"""What a table keeps besides its columns: indexes, checks, uniqueness; as data, without SQL of any engine."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from openviper.db.exceptions import ModelDefinitionError
from openviper.db.utils import is_encodable, validate_identifier

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


class Sortable(Protocol):
    """An expression of a query, which stands above indexes; or one with ``asc()`` or ``desc()``."""


class Conditional(Protocol):
    """A Q, which stands above indexes."""

    @property
    def connector(self) -> str:
        """How its parts are joined."""


@dataclass(frozen=True, slots=True, init=False)
class Index:
    """An index over one or more fields, or over expressions of them: ``Index(Lower("title"), name="by_title")``.

    Args:
        expressions: What is indexed, with ``desc()`` for descending order; or in one list what ``fields`` takes.
        fields: Names of fields, ``"-name"`` for descending order.
        name: Its name in the database; None means one made of table and columns. ``%(class)s`` and ``%(app_label)s``
            stand for the model's name and app, for an abstract model. One of expressions has to have a name.
        condition: What a row must meet to be in the index: a Q, or SQL such as ``"deleted_at IS NULL"``; None means
            all rows.

    Raises:
        ModelDefinitionError: There is nothing to index, or the SQL is more than a condition.
    """

    fields: Sequence[str]
    name: str | None
    condition: "str | Conditional | None"
    expressions: tuple[Sortable, ...]

    def __init__(
        self,
        *given: Sequence[str] | Sortable,
        fields: Sequence[str] = (),
        name: str | None = None,
        condition: "str | Conditional | None" = None,
        expressions: Sequence[Sortable] = (),
    ) -> None:
        keys = _read_keys(given, fields, expressions, "Index")
        if keys[1] and name is None:
            raise ModelDefinitionError("an Index of expressions needs a name: Index(Lower('title'), name='by_title')")
        _check_condition(condition, "the condition of an Index")
        _set(self, fields=keys[0], name=name, condition=condition, expressions=keys[1])


@dataclass(frozen=True, slots=True, init=False)
class CheckConstraint:
    """A condition that every row of the table meets: ``CheckConstraint(condition=Q(price__gte=0), name="price_ok")``.

    A row without a value meets what is asked of that value, as everywhere in SQL; ``isnull=False`` asks for one.

    Args:
        name: Its name in the database; see ``Index``.
        check: A Q of the fields of the row, or SQL with the names of columns, such as ``"price >= 0"``.
        condition: Another word for ``check``; one of the two is given.

    Raises:
        ModelDefinitionError: There is no name or nothing to check, or the SQL is more than a condition.
    """

    name: str
    check: "str | Conditional"

    def __init__(self, name: str = "", check: "str | Conditional" = "", *, condition: "str | Conditional" = "") -> None:
        subject = f"CheckConstraint {name!r}"
        if not name or not isinstance(cast("object", name), str):
            raise ModelDefinitionError("a CheckConstraint needs a name, by which errors and changes find it")
        if check and condition:
            raise ModelDefinitionError(f"{subject} has check and condition, which are one and the same; give one")
        given = check or condition
        if not given or (isinstance(given, str) and not given.strip()):
            raise ModelDefinitionError(f"{subject} checks nothing; write Q(price__gte=0), or SQL such as 'price >= 0'")
        _check_condition(given, f"the condition of {subject}")
        _set(self, name=name, check=given)


@dataclass(frozen=True, slots=True, init=False)
class UniqueConstraint:
    """Fields that no two rows have in common, or expressions of them: ``UniqueConstraint(Lower("email"), name="one")``.

    Args:
        expressions: What is unique; or the name, the list of fields and the condition, in this order.
        name: Its name in the database; see ``Index``.
        fields: Names of fields.
        condition: For which rows this holds: a Q, or SQL; None means all.
        nulls_distinct: Whether rows without a value differ from each other, which they do where it is None.

    Raises:
        ModelDefinitionError: There is nothing to be unique, or the SQL is more than a condition.
    """

    name: str
    fields: Sequence[str]
    condition: "str | Conditional | None"
    expressions: tuple[Sortable, ...]
    nulls_distinct: bool | None

    def __init__(
        self,
        *given: object,
        name: str = "",
        fields: Sequence[str] = (),
        condition: "str | Conditional | None" = None,
        expressions: Sequence[Sortable] = (),
        nulls_distinct: bool | None = None,
    ) -> None:
        # The name first, as every other constraint has it; expressions are never texts.
        if given and isinstance(given[0], str):
            name, *rest = given[0], *given[1:]
            fields = cast("Sequence[str]", rest[0]) if rest else fields
            condition = cast("str | Conditional | None", rest[1]) if len(rest) > 1 else condition
            given = ()
        subject = f"UniqueConstraint {name!r}"
        keys = _read_keys(given, fields, expressions, subject)
        if not name:
            raise ModelDefinitionError("a UniqueConstraint needs a name, by which errors and changes find it")
        _check_condition(condition, f"the condition of {subject}")
        _set(self, name=name, fields=keys[0], condition=condition, expressions=keys[1], nulls_distinct=nulls_distinct)

    @property
    def is_plain(self) -> bool:
        """Whether it is of fields, for all rows."""
        return self.condition is None and not self.expressions


def screen_sql(text: str | None, subject: str) -> None:
    """Refuse a piece of SQL that could be more than the condition that it stands for.

    Quoted texts and names are passed over. This guards against a slip, not against an author who means harm: such
    pieces come from the project's own code and from nowhere else.

    Args:
        text: The SQL; None passes.
        subject: Where it stands, for the message.

    Raises:
        ModelDefinitionError: It holds a comment, the end of a statement, an open quote or a word of a statement, its
            parentheses do not match, or no encoding carries it.
    """
    if text is None:
        return
    if not is_encodable(text):
        raise ModelDefinitionError(f"{subject} holds half of a surrogate pair, which no database stores: {text!a}")
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


def _read_keys(
    given: Sequence[object],
    fields: Sequence[str],
    expressions: Sequence[Sortable],
    subject: str,
) -> tuple[tuple[str, ...], tuple[Sortable, ...]]:
    """Give the fields and the expressions, one of which there are."""
    listed = [one for one in given if isinstance(one, Sequence)]
    made = (*(one for one in given if not isinstance(one, Sequence)), *expressions)
    if len(listed) > 1 or (listed and (fields or made)) or (fields and made):
        raise ModelDefinitionError(f"{subject} has fields or expressions; write F('name') among expressions")
    for one in made:
        # Expressions stand floors above, and know how to be sorted.
        if not (callable(getattr(one, "asc", None)) or hasattr(one, "descending")):
            raise ModelDefinitionError(f"{subject} has {one!r} where an expression such as Lower('name') belongs")
    return () if made else _read_fields(listed[0] if listed else fields, subject), made


def _check_condition(condition: object, subject: str) -> None:
    if condition is None or isinstance(condition, str):
        screen_sql(condition, subject)
    elif not hasattr(condition, "connector"):
        raise ModelDefinitionError(f"{subject} is a {type(condition).__name__}; write a Q, or SQL as a text")


def _set(made: object, **values: object) -> None:
    # Like every frozen dataclass does.
    for name, value in values.items():
        object.__setattr__(made, name, value)


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
