"""SQL text of what engines write each in their own way, by name.

``{0}`` is the first operand; ``{all}`` are all of them with commas, ``{rows}`` each in brackets, ``{joined}`` all with
``||`` and NULL as the empty text; ``{zone}`` is a literal with the name of a time zone. A text is a function call or
stands in brackets, so that it may stand anywhere. What an engine has no text for, it cannot do.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["STANDARD"]

#: What most engines have in common.
STANDARD: Final[Mapping[str, str]] = {
    "abs": "abs({0})",
    "ceil": "ceil({0})",
    "coalesce": "coalesce({all})",
    "concat": "({joined})",
    "floor": "floor({0})",
    "greatest": "greatest({all})",
    "least": "least({all})",
    "length": "length({0})",
    "lower": "lower({0})",
    "nullif": "nullif({0}, {1})",
    "position": "{0}",
    "replace": "replace({0}, {1}, {2})",
    "substr": "substr({all})",
    # Truth as a number.
    "truth": "(CASE WHEN {0} THEN 1 WHEN NOT {0} THEN 0 END)",
    "trim": "trim({0})",
    "upper": "upper({0})",
    # Functions of windows.
    "row_number": "row_number()",
    "rank": "rank()",
    "dense_rank": "dense_rank()",
    "percent_rank": "percent_rank()",
    "cume_dist": "cume_dist()",
    "ntile": "ntile({0})",
    "lag": "lag({all})",
    "lead": "lead({all})",
    "first_value": "first_value({0})",
    "last_value": "last_value({0})",
    "nth_value": "nth_value({all})",
    # Operators, of operands that were brought to one form.
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} * {1})",
    "/": "({0} / nullif({1}, 0))",
    "%": "({0} % nullif({1}, 0))",
    "in": "({0} IN {1})",
    # Lookups. Upper case, as ``upper()`` gives one letter for both small sigmas.
    "iexact": "(upper({0}) = upper({1}))",
    # The value of these is a pattern.
    "contains": r"({0} LIKE {1} ESCAPE '\')",
    "startswith": r"({0} LIKE {1} ESCAPE '\')",
    "endswith": r"({0} LIKE {1} ESCAPE '\')",
    "icontains": r"(upper({0}) LIKE upper({1}) ESCAPE '\')",
    "istartswith": r"(upper({0}) LIKE upper({1}) ESCAPE '\')",
    "iendswith": r"(upper({0}) LIKE upper({1}) ESCAPE '\')",
    # The same where the other side is an expression, whose text means itself.
    "contains of": "(strpos({0}, {1}) > 0)",
    "startswith of": "(left({0}, length({1})) = {1})",
    "endswith of": "(right({0}, length({1})) = {1})",
    "icontains of": "(strpos(upper({0}), upper({1})) > 0)",
    "istartswith of": "(left(upper({0}), length(upper({1}))) = upper({1}))",
    "iendswith of": "(right(upper({0}), length(upper({1}))) = upper({1}))",
}
