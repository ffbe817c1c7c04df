"""The way of the values of a query into the arguments of the driver.

Each parameter of a statement is registered with the place of its value and with the way that the value takes. From
that, a function is generated once a plan: a test in line for what is right as it is, a call for all else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

from openviper.db.compiler.plan import Binder
from openviper.db.compiler.ways import Way, way_to, way_to_field
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError, FieldValueError, ModelValidationError
from openviper.db.fields.base import AnyField, shorten
from openviper.db.query.description import Place
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from sqlalchemy import BindParameter

__all__ = ["HUGE", "Parameter", "Parameters", "sizes_of"]

#: A parameter of SQLAlchemy; its ``key`` is the name that it is registered by.
Parameter: TypeAlias = "BindParameter[Any]"
#: The size of a list that is sent as one parameter, because the statement would have too many.
HUGE: Final = -1
# A text of JSON is as fast from a few dozen values on, and a plan of a thousand parameters takes 20 ms to make.
_MOST_ITEMS: Final = 128


class _Part(NamedTuple):
    """One parameter.

    Args:
        place: Of its value, or of its list.
        way: What the value, or each value of the list, becomes.
        size: How many values the list is filled up to; None for a single value, 0 for a list in one parameter.
        item: Which value of the list it is.
        pack: Makes one argument of the list; None if the driver takes a list.
    """

    place: Place
    way: Way
    size: int | None = None
    item: int = 0
    pack: Callable[[list[Any]], object] | None = None


class Parameters:
    """The parameters of one statement, whichever part of it they stand in.

    Args:
        dialect: Of the engine.
        sizes: How many values the lists have, by place, as ``sizes_of()`` gives them; those that are not in it count
            as lists of one.
    """

    def __init__(self, dialect: Dialect, sizes: Mapping[Place, int] | None = None) -> None:
        self.dialect = dialect
        self.sizes = sizes or {}
        #: Places of lists whose number of values decides the text of the statement.
        self.lists: tuple[Place, ...] = ()
        #: The models whose tables the statement names; that of its own rows comes first.
        self.models: dict[AnyModel, None] = {}
        self._parts: dict[str, _Part] = {}

    def add(self, place: Place, storage: Storage, label: str) -> Parameter:
        """Add a parameter for a value that is no field's, such as a limit.

        Args:
            place: Of the value, counted from the first of the statement.
            storage: What the value is.
            label: What it is called in messages.
        """
        return self.value(place, way_to(storage, self.dialect, label=label))

    def assign(self, place: Place, field: AnyField) -> Parameter:
        """Add a parameter for what a field is set to; the value goes through ``field.clean()``.

        What the field refuses is a ModelValidationError that names all such fields of the statement.

        Args:
            place: Of the value, which may be None.
            field: The field.
        """
        return self.value(place, way_to_field(field, self.dialect))

    def value(self, place: Place, way: Way) -> Parameter:
        """Add a parameter for one value.

        Args:
            place: Of the value, counted from the first of the statement.
            way: What becomes of it.
        """
        return self._register(_Part(place, way))

    def whole(self, place: Place, way: Way, pack: Callable[[list[Any]], object] | None = None) -> Parameter:
        """Add one parameter for a whole list.

        Args:
            place: Of the list, counted from the first of the statement.
            way: What becomes of each of its values.
            pack: Makes one argument of them; None if the driver takes a list.
        """
        return self._register(_Part(place, way, 0, pack=pack))

    def items(self, place: Place, way: Way) -> list[Parameter] | None:
        """Add a parameter for each value of a list, as many as its size says.

        Args:
            place: Of the list, counted from the first of the statement.
            way: What becomes of each of its values.

        Returns:
            The parameters; None if the list is too long for that.
        """
        self.lists = (*self.lists, *({place} - {*self.lists}))
        size = self.sizes.get(place, 1)
        if size == HUGE:
            return None
        return [self._register(_Part(place, way, size, item)) for item in range(size)]

    def binder(self, names: Sequence[str]) -> Binder:
        """Generate the function that gives the arguments of the values.

        Args:
            names: Of the parameters in the order of the statement, as ``compiled.positiontup`` has them.

        Raises:
            FieldError: There are more parameters than the engine takes.
        """
        most = self.dialect.features.max_parameters
        if len(names) > most:
            raise FieldError(
                f"this query has {len(names)} values, and {self.dialect.name} takes {most} in one statement"
            )
        used = set(names)
        left = [part for name, part in self._parts.items() if name not in used]
        return _Writer([self._parts[name] for name in names], left).write()

    def _register(self, part: _Part) -> Parameter:
        # SQLAlchemy is loaded by the first query.
        from sqlalchemy import bindparam

        name = f"p{len(self._parts)}"
        self._parts[name] = part
        return bindparam(name, type_=part.way.sql_type())


def sizes_of(values: tuple[object, ...], lists: Sequence[Place]) -> dict[Place, int]:
    """Give for each list how many parameters it takes: the next power of two, 0 for none, or ``HUGE``.

    Args:
        values: Of a query.
        lists: See ``Parameters.lists``.
    """
    return {place: _rounded(len(cast("Sequence[object]", values[place]))) for place in lists}


def _rounded(count: int) -> int:
    if count > _MOST_ITEMS:
        return HUGE
    return 1 << (count - 1).bit_length() if count else 0


class _Writer:
    """Writes the source of one binder.

    Args:
        parts: In the order of the statement.
        left: Others that were registered: SQLAlchemy leaves out what cannot matter, beside an empty list for
            example; their values are checked all the same.
    """

    def __init__(self, parts: Sequence[_Part], left: Sequence[_Part]) -> None:
        self._parts = parts
        self._left = left
        self._lines: list[str] = []
        self._names: dict[str, object] = {"_Refusal": FieldValueError}
        self._made: dict[tuple[Place, int, bool, object], str] = {}

    def write(self) -> Binder:
        arguments = ", ".join(self._arguments(self._parts))
        for _ in self._arguments(self._left):
            pass
        lines = "".join(f"        {line}\n" for line in self._lines)
        source = (
            "def bind(v):\n    try:\n"
            f"{lines}        return ({arguments}{',' if arguments else ''})\n"
            "    except _Refusal as error:\n        raise _fault_of(v, error) from error\n"
        )
        self._names["_fault_of"] = _fault_finder([*self._parts, *self._left])
        exec(compile(source, "<binder>", "exec"), self._names)  # noqa: S102 - nothing in it comes from outside
        return cast("Binder", self._names["bind"])

    def _arguments(self, parts: Sequence[_Part]) -> Iterator[str]:
        for part in parts:
            if part.size is None:
                yield self._value(part)
            elif part.size == 0:
                yield self._list(part)
            elif part.item == 0:
                # All items of a list stand side by side.
                yield f"*{self._list(part)}"

    def _value(self, part: _Part) -> str:
        key = (part.place, id(part.way), False, None)
        if key not in self._made:
            name = f"a{len(self._made)}"
            self._lines.append(f"{name} = v[{part.place}]")
            way, test = part.way, self._test(part.way, name)
            slow = self._name("slow", way.slow)
            self._lines.append(f"if not ({test}): {name} = {slow}({name})" if test else f"{name} = {slow}({name})")
            self._made[key] = self._bound(way, name)
        return self._made[key]

    def _list(self, part: _Part) -> str:
        key = (part.place, id(part.way), True, part.size)
        if key not in self._made:
            name = f"a{len(self._made)}"
            way, test = part.way, self._test(part.way, "i")
            slow = self._name("slow", way.slow)
            source = f"{self._name('listed', _listed)}(v[{part.place}])"
            one = f"i if {test} else {slow}(i)" if test else f"{slow}(i)"
            self._lines.append(f"{name} = [{one} for i in {source}]")
            bound = self._bound(way, "i")
            if bound != "i":
                self._lines.append(f"{name} = [{bound} for i in {name}]")
            if part.size:
                self._lines.append(f"{name} += {name}[-1:] * ({part.size} - len({name}))")
            self._made[key] = name if part.pack is None else f"{self._name('pack', part.pack)}({name})"
        return self._made[key]

    def _test(self, way: Way, value: str) -> str:
        if way.test is None:
            return ""
        self._names.update(way.test.names)
        return way.test.write(value)

    def _bound(self, way: Way, name: str) -> str:
        if way.bind is None:
            return name
        self._names.update(way.bind.names)
        return way.bind.write(name, null=way.null)

    def _name(self, word: str, value: object) -> str:
        name = f"_{word}_{id(value):x}"
        self._names[name] = value
        return name


def _listed(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise FieldValueError(f"{shorten(value)} is no list of values.")
    return value


def _fault_finder(parts: Sequence[_Part]) -> Callable[[tuple[object, ...], FieldValueError], Exception]:
    """Give what finds out, when a value was refused, which ones they were."""
    # The items of a list are parts of their own, with one way.
    ways = {(part.place, id(part.way)): part for part in parts}

    def fault_of(values: tuple[object, ...], refusal: FieldValueError) -> Exception:
        errors: dict[str, list[str]] = {}
        for part in ways.values():
            try:
                for one in [values[part.place]] if part.size is None else _listed(values[part.place]):
                    part.way.convert(one)
            except FieldValueError as error:
                if part.way.assigned is None:
                    return FieldError(f"{part.way.label}: {error}")
                errors.setdefault(part.way.assigned, error.messages)
        # A value may be taken the second time, an iterator for example, which is empty then.
        return ModelValidationError(errors) if errors else FieldError(str(refusal))

    return fault_of
