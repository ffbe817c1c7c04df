"""Fit: a condition under which cleaning would give a value back as it is.

Nearly all values are of the right type and in range when they come. Functions that are generated for a model or for a
query test that inline, and call the field only for the rest: a tenth of the cost. A fit may be narrower than what the
field takes, never wider: where it does not hold, nothing is known and the field decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Fit", "is_stated_below"]


@dataclass(frozen=True, slots=True)
class Fit:
    """A condition on one value, as an expression.

    Args:
        template: Python with ``{v}`` in the place of the value, which may be anything. It begins with the type, so
            that it neither raises nor runs code of the value's own class; it is false for None.
        names: What the expression needs besides builtins. A name means the same thing in every fit and in every
            ``Conversion``, so those of several may be put into one namespace.
    """

    template: str
    names: Mapping[str, object] = field(default_factory=dict)

    def write(self, value: str, *, null: bool = False) -> str:
        """Give the condition for one value, in parentheses.

        Args:
            value: An expression that is cheap and has no effect, best a local name.
            null: Whether None fits too; see ``Field.takes_none``.
        """
        text = self.template.replace("{v}", value)
        return f"({value} is None or {text})" if null else f"({text})"


def is_stated_below(kind: type, name: str, others: tuple[str, ...]) -> bool:
    """Tell whether a class has its method from no higher up than each of some others.

    What a method says of others is void where a class below overrides one of these.

    Args:
        kind: The class.
        name: The method that speaks of the others.
        others: Methods that it speaks of, as far as the class has them.
    """
    for base in kind.__mro__:
        own = vars(base)
        if name in own:
            return True
        if any(other in own for other in others):
            return False
    return False
