"""Fields that refer to another model."""

from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar, Unpack, cast, overload

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyField, AnyOptions, Field, FieldOptions
from openviper.db.fields.fits import Fit
from openviper.db.fields.relation import OnDelete, Relation, check_on_delete
from openviper.db.registry import Reference, registry

__all__ = ["ForeignKey", "OneToOneField", "refuse_other_classes"]

R = TypeVar("R")
T = TypeVar("T")


class ForeignKey(Field[R], Generic[R]):
    """The key of a row of another model.

    ``author = ForeignKey(Author)`` gives an instance two attributes. ``author_id`` is the key, a plain value in the
    column of that name. ``author`` is the instance: the one that was assigned or read along with the row, else one
    that knows its key only and is read by ``await post.author``. Both always agree: assigning one changes the other.

    A type checker cannot see through a name, so a reference by one is annotated:
    ``author: ForeignKey["Author"] = ForeignKey("blog.Author")``. To let it know the key too, write ``author_id: int``.

    Args:
        to: The model itself, ``"app.Model"``, ``"Model"`` of the same app, a dotted path, or ``"self"``.
        on_delete: What becomes of a row when the one that it refers to is deleted.
        related_name: What the other model calls the rows that refer to it; None means ``<model>_set``, ``"+"`` none.
        options: As for every field; ``db_index`` is True unless stated.

    Raises:
        ModelDefinitionError: The class has no table, or a rule needs what the field does not have, such as
            ``null=True`` for ``"SET_NULL"``.
    """

    takes_choices: ClassVar[bool] = False
    takes_db_default: ClassVar[bool] = False
    is_single: ClassVar[bool] = False

    @overload
    def __init__(
        self: "ForeignKey[T]",
        to: type[T],
        on_delete: OnDelete = ...,
        related_name: str | None = ...,
        *,
        null: Literal[False] = ...,
        **options: Unpack[FieldOptions[object]],
    ) -> None: ...
    @overload
    def __init__(
        self: "ForeignKey[T | None]",
        to: type[T],
        on_delete: OnDelete = ...,
        related_name: str | None = ...,
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions[object]],
    ) -> None: ...
    @overload
    def __init__(
        self,
        to: str,
        on_delete: OnDelete = ...,
        related_name: str | None = ...,
        *,
        null: bool = ...,
        **options: Unpack[FieldOptions[object]],
    ) -> None: ...
    def __init__(
        self,
        to: object,
        on_delete: OnDelete = "CASCADE",
        related_name: str | None = None,
        **options: Unpack[AnyOptions],
    ) -> None:
        options.setdefault("db_index", not self.is_single)
        if self.is_single:
            options["unique"] = True
        super().__init__(**options)
        check_on_delete(on_delete, null=self.null, has_default=self.has_default)
        refuse_other_classes(to)
        self.to = to
        self.on_delete: OnDelete = on_delete
        self.related_name = related_name

    @property
    def storage(self) -> AnyField:
        """The field that decides how the key is stored: in the end the primary key of the target.

        Raises:
            ModelReferenceError: There is no model of the name.
            ModelDefinitionError: The keys refer to each other in a circle.
        """
        field: AnyField = self
        seen: list[AnyField] = []
        while isinstance(field, ForeignKey):
            if field in seen:
                raise ModelDefinitionError(f"{self.path} leads back to itself, so its key has no type")
            seen.append(field)
            field = field.target_field
        return field

    @property
    def target_field(self) -> AnyField:
        """The primary key of the target.

        Raises:
            ModelReferenceError: There is no model of the name.
        """
        return cast("AnyField", _relation_of(self).model._meta.pk)

    if not TYPE_CHECKING:
        # What the storage is decided by is taken from the key that the column holds.
        kind = property(lambda self: self.storage.kind)
        max_length = property(lambda self: self.storage.max_length)
        max_digits = property(lambda self: self.storage.max_digits)
        decimal_places = property(lambda self: self.storage.decimal_places)

    def attach(self, name: str, *, owner: str) -> None:
        """Give the field its name, its column ``<name>_id`` and its relation."""
        super().attach(name, owner=owner)
        self.attname = f"{name}_id"
        self.column = self.db_column or self.attname
        self.related = Relation(
            name,
            Reference(self.to, referrer=f"{owner}.{name}", own_label=owner, registry=registry),
            on_delete=self.on_delete,
            related_name=self.related_name,
            is_single=self.is_single,
        )

    def coerce(self, value: object) -> object:
        """Give the key of an instance of the target, or make a key of a value as the target's own field does.

        Raises:
            FieldValueError: It is an instance that was not saved, or no key.
        """
        target = _relation_of(self).model
        if isinstance(value, target):
            key: object = value.pk
            if key is None:
                raise FieldValueError(f"This {target.__name__} is not saved yet, so it has no key to refer to.")
            return key
        return self.target_field.clean(value)

    def state_fit(self) -> Fit | None:
        """Say that a key passes which the target's own field lets pass."""
        _ = self.storage  # refuses keys that refer to each other in a circle
        key: AnyField = self.target_field
        return key.fit()


class OneToOneField(ForeignKey[R]):
    """The key of a row of another model which no other row refers to.

    It takes what ``ForeignKey`` takes. Backwards it leads to one instance: ``related_name`` None means the name of the
    model.
    """

    is_single: ClassVar[bool] = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "OneToOneField[T]",
            to: type[T],
            on_delete: OnDelete = ...,
            related_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions[object]],
        ) -> None: ...
        @overload
        def __init__(
            self: "OneToOneField[T | None]",
            to: type[T],
            on_delete: OnDelete = ...,
            related_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions[object]],
        ) -> None: ...
        @overload
        def __init__(
            self,
            to: str,
            on_delete: OnDelete = ...,
            related_name: str | None = ...,
            *,
            null: bool = ...,
            **options: Unpack[FieldOptions[object]],
        ) -> None: ...
        def __init__(
            self, to: object, on_delete: OnDelete = ..., related_name: str | None = ..., **options: Unpack[AnyOptions]
        ) -> None: ...


def _relation_of(field: "ForeignKey[R]") -> Relation:
    if field.related is None:
        raise ModelDefinitionError(f"{type(field).__name__} belongs to no model, so it leads nowhere")
    return field.related


def refuse_other_classes(to: object) -> None:
    """Refuse a class without a table; a name is looked at when it is followed.

    Args:
        to: What a field refers to.

    Raises:
        ModelDefinitionError: It is a class and no model, or an abstract one.
    """
    if isinstance(to, type):
        options = vars(to).get("_meta")
        if options is None or options.abstract:
            what = "no model" if options is None else "abstract, so it has no rows"
            raise ModelDefinitionError(f"a reference leads to {to.__name__}, which is {what}")
