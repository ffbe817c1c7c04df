"""From a class body to a model: collect the fields, check them, freeze the options, enter the registry."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from openviper.db.cleaning import Cleaner
from openviper.db.constructor import ReferenceAttribute, make_constructor, make_key, make_room, store_of
from openviper.db.exceptions import DoesNotExist, ModelDefinitionError, MultipleObjectsReturned
from openviper.db.fields.base import AnyField, Field
from openviper.db.fields.many import AnyMany, ManyToManyField
from openviper.db.fields.numeric import AutoField
from openviper.db.manager import Manager
from openviper.db.meta import Meta, TableParts, check_name, inherit_meta, read_meta, read_parts
from openviper.db.options import RESERVED_NAMES, Options
from openviper.db.registry import AnyModel, app_of, registry
from openviper.db.related import give_reverse
from openviper.db.texts import make_texts_safe
from openviper.db.through import ManyAttribute, made_for, make_through

__all__ = ["ModelType"]

#: What a class body declares: a field with a column, or one without.
_Declared: TypeAlias = AnyField | AnyMany


class ModelType(type):
    """The class of models.

    A class body with fields becomes a model: its fields go into ``_meta`` and leave the class, a constructor is written
    for it, and it can be referred to by its label. Reading a field from the class gives the field.
    """

    _meta: Options

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, object], **options: object
    ) -> "ModelType":
        """Make a model of a class body.

        Raises:
            ModelDefinitionError: The fields or the ``Meta`` cannot work; the message names the model and the mend.
        """
        parents = [base for base in bases if isinstance(base, ModelType)]
        if not parents:  # Model itself
            return super().__new__(cls, name, bases, namespace, **options)
        label = f"{app_of(str(namespace['__module__']))}.{name}"
        own = {key: value for key, value in namespace.items() if isinstance(value, Field | ManyToManyField)}
        meta = read_meta(namespace.get("Meta"), label=label)
        # A field is no attribute of the class: on an instance that did not load it, it would look like a value.
        body = {key: value for key, value in namespace.items() if key not in own}
        model = super().__new__(cls, name, bases, body, **options)
        make_texts_safe(model, ModelType)
        _Maker(model, label, meta, own, namespace).make()
        return model

    if not TYPE_CHECKING:  # checkers know the fields of the class by themselves

        def __getattr__(cls, name: str) -> "_Declared":
            """Give a field of the model; only called for what the class itself does not have."""
            options = cls.__dict__.get("_meta")
            if options is not None and name in options.by_name:
                return options.by_name[name]
            for field in () if options is None else options.many_fields:  # only an abstract model has no attribute
                if field.name == name:
                    return field
            if name == "objects" and options is not None:
                raise AttributeError(f"{cls.__name__} is abstract, so it has no rows; ask a model that extends it")
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


class _Maker:
    """One model while it is made."""

    def __init__(
        self, model: AnyModel, label: str, meta: Meta, own: Mapping[str, _Declared], namespace: Mapping[str, object]
    ) -> None:
        self.model = model
        self.label = label
        self.own = own
        self.removed = {name for name, value in namespace.items() if value is None}
        # A parent has what its own parents have, so the nearest ones are enough.
        self.abstract_parents = [base for base in _models(model.__bases__) if base._meta.abstract]
        self.concrete_parents = [base for base in _models(model.__mro__[1:]) if not base._meta.abstract]
        is_marked = any(vars(base).get("_makes_abstract", False) for base in model.__bases__)
        self.is_abstract = meta.get("abstract", is_marked)
        self.is_proxy = meta.get("proxy", False)
        inherited = [] if self.is_proxy else [parent._meta.stated for parent in self.abstract_parents]
        self.meta = inherit_meta(meta, inherited)

    def make(self) -> None:
        """Give the model what it needs, and enter it; a model that cannot work leaves nothing behind."""
        self._check_parents()
        if self.is_proxy:
            options = self._share_options()
        else:
            declared = self._collect()
            self.many = tuple(one for one in declared.values() if isinstance(one, ManyToManyField))
            fields = self._complete({name: one for name, one in declared.items() if isinstance(one, Field)})
            self._check_fields(fields)
            options = self._make_options(fields)
        self.model._meta = options
        if not self.is_abstract:
            options.check_names()
            self._equip(options)
            self._enter(options)

    def _check_parents(self) -> None:
        if self.is_proxy and (len(self.concrete_parents) != 1 or self.own):
            raise ModelDefinitionError(
                f"{self.label} is a proxy; it needs one model with a table above it, and adds no fields"
            )
        if self.concrete_parents and not self.is_proxy:
            parent = self.concrete_parents[0].__name__
            raise ModelDefinitionError(
                f"{self.label} extends {parent}, which has a table of its own; "
                f"make {parent} abstract, set Meta.proxy, or refer to it with a OneToOneField"
            )

    def _collect(self) -> dict[str, _Declared]:
        """Give copies of the parents' fields, then the own ones; an own one takes the place of one inherited."""
        fields: dict[str, _Declared] = {}
        for parent in self.abstract_parents:
            for field in (*parent._meta.fields, *parent._meta.many_fields):
                if field.name not in self.removed:
                    fields.setdefault(field.name, field)
        fields = {name: field.copy() for name, field in fields.items()}
        fields |= self.own
        for name, field in fields.items():
            if field.name:
                raise ModelDefinitionError(f"{self.label}.{name} is {field.path}; make a field for each attribute")
            _check_attribute(name, self.label)
            field.attach(name, owner=self.label)
        return fields

    def _complete(self, fields: dict[str, AnyField]) -> list[AnyField]:
        """Put the key in front if the model declares none."""
        keys = [field.name for field in fields.values() if field.primary_key]
        if len(keys) > 1:
            raise ModelDefinitionError(
                f"{self.label} has {len(keys)} primary keys: {', '.join(keys)}; keep one, and state the others "
                "in a UniqueConstraint"
            )
        if keys or self.is_abstract:
            return list(fields.values())
        if "id" in fields:
            raise ModelDefinitionError(f"{self.label}.id is not the primary key; add primary_key=True or rename it")
        key = AutoField()
        key.attach("id", owner=self.label)
        return [key, *fields.values()]

    def _check_fields(self, fields: Iterable[AnyField]) -> None:
        attributes: dict[str, str] = {}
        columns: dict[str, str] = {}
        for field in fields:
            self._check_shadow(field)
            check_name(field.column, f"column of {field.path}")
            for name in {field.name, field.attname}:
                _claim(attributes, name, field, "attribute")
            # Engines fold the case of names, each in its own way.
            _claim(columns, field.column.lower(), field, "column")
        for one in self.many:
            self._check_shadow(one)
            _claim(attributes, one.name, one, "attribute")

    def _check_shadow(self, field: _Declared) -> None:
        """Refuse a field whose name a class above, or the model itself, uses for something else."""
        for name in {field.name, field.attname if isinstance(field, Field) else field.name}:
            holder = next(
                (base for base in self.model.__mro__ if name in vars(base) and name not in self.removed), None
            )
            if holder is not None:
                raise ModelDefinitionError(
                    f"{field.path} has the name of {holder.__name__}.{name}, which it would hide; rename one of them"
                )

    def _make_options(self, fields: list[AnyField]) -> Options:
        app, _, name = self.label.partition(".")
        table = "" if self.is_abstract else self.meta.get("table_name") or f"{app}_{name.lower()}"
        if table:
            check_name(table, f"table name of {self.label}")
        key = next((field for field in fields if field.primary_key), None)
        by_name = {name: field for field in fields for name in (field.name, field.attname)}
        if key is not None:
            by_name["pk"] = key
        parts = read_parts(self.meta, label=self.label, table=table or "%(table)s")
        return self._fill_options(table, tuple(fields), cast("AnyField", key), by_name, parts)

    def _share_options(self) -> Options:
        parent: Options = self.concrete_parents[0]._meta
        self.many = parent.many_fields
        parts = read_parts(self.meta, label=self.label, table=parent.table)
        if parts["indexes"] or parts["constraints"] or parts["unique_together"] or "table_name" in self.meta:
            raise ModelDefinitionError(f"{self.label} is a proxy, so its parent {parent.label} says what the table is")
        parts["ordering"] = parts["ordering"] or parent.ordering
        return self._fill_options(parent.table, parent.fields, parent.pk, parent.by_name, parts)

    def _fill_options(
        self,
        table: str,
        fields: tuple[AnyField, ...],
        key: AnyField,
        by_name: Mapping[str, AnyField],
        parts: TableParts,
    ) -> Options:
        meta = self.meta
        name = meta.get("verbose_name") or _spell(self.model.__name__)
        return Options(
            self.label,
            self.model,
            table=table,
            fields=fields,
            pk=key,
            by_name=by_name,
            stated=meta,
            many_fields=self.many,
            **parts,
            database=meta.get("backend"),
            managed=meta.get("managed", True),
            read_only=meta.get("read_only", False),
            abstract=self.is_abstract,
            proxy=self.is_proxy,
            auto_created=made_for(self.model),
            verbose_name=name,
            verbose_name_plural=meta.get("verbose_name_plural") or f"{name}s",
        )

    def _equip(self, options: Options) -> None:
        """Give the model its constructor, its key, its references and its errors."""
        model = self.model
        model._cleaner = Cleaner(options)
        model._construct = staticmethod(make_constructor(self.label, options.fields))
        # In place of Model's, so that an instance is made by one call.
        if not _has_own_constructor(model):
            model.__init__ = model._construct
        self._bind_managers()
        for kind in (DoesNotExist, MultipleObjectsReturned):
            setattr(model, kind.__name__, _derive(kind, model, self.concrete_parents))
        if self.is_proxy:
            return
        model.pk = make_key(options.pk)
        for field in options.fields:
            field.model = model
            if field.related is not None:
                setattr(model, field.name, ReferenceAttribute(field))
                # On the class, so that an instance of which nothing was read needs no attribute of its own.
                setattr(model, store_of(field.name), None)
        for one in self.many:
            one.model = model
            setattr(model, one.name, ManyAttribute(one))

    def _bind_managers(self) -> None:
        """Give the model managers of its own: those of its body, those of its parents, and ``objects``."""
        found: dict[str, Manager[Any]] = {"objects": Manager()}
        for base in reversed(self.model.__mro__):
            found |= {name: one for name, one in vars(base).items() if isinstance(one, Manager)}
        for name, manager in found.items():
            if name not in self.removed:
                setattr(self.model, name, manager.bind(self.model))

    def _enter(self, options: Options) -> None:
        """Enter the registry, with the through models; a model that cannot stand beside the others leaves again."""
        many = () if self.is_proxy else self.many
        relations = () if self.is_proxy else options.relations
        references = [field.related.reference for field in relations if field.related is not None]
        references += [reference for field in many for reference in field.references]
        owner = options.auto_created
        registry.register(self.label, self.model, references, part_of="" if owner is None else owner._meta.label)
        try:
            for field in many:
                if field.given_through is None:
                    field.bind(make_through(field, self.model))
            self._check_neighbours([reference.label for reference in references])
        except ModelDefinitionError:
            registry.unregister(self.label)
            raise

    def _check_neighbours(self, targets: Iterable[str]) -> None:
        """Refuse names that clash, and many-to-many relations that cannot work, as far as their models are there."""
        near = dict.fromkeys([self.label, *targets])
        for model in filter(None, map(registry.find, near)):
            give_reverse(model)
            make_room(model)
        referrers = [reference.own_label for reference in registry.references_to(self.label)]
        for model in filter(None, map(registry.find, [*near, *referrers])):
            _ = [field.ends for field in model._meta.many_fields if field.is_resolved]


def _models(classes: Iterable[type]) -> Iterator[AnyModel]:
    """Give those that have been made models; Model itself has no fields and no options."""
    return (one for one in classes if isinstance(one, ModelType) and "_meta" in vars(one))


def _check_attribute(name: str, label: str) -> None:
    if name in RESERVED_NAMES:
        raise ModelDefinitionError(f"{label}.{name} has a name that every model uses itself; rename the field")
    if name.startswith("_") or name.endswith("_") or "__" in name:
        raise ModelDefinitionError(
            f"{label}.{name}: the name of a field neither begins nor ends with '_' nor holds '__', which queries read"
        )
    check_name(name, f"name of a field of {label}")


def _claim(taken: dict[str, str], name: str, field: _Declared, what: str) -> None:
    other = taken.setdefault(name, field.path)
    if other != field.path:
        raise ModelDefinitionError(f"{field.path} and {other} both have the {what} {name!r}; rename one of them")


def _has_own_constructor(model: AnyModel) -> bool:
    """Tell whether the author wrote a constructor, which then calls that of Model, and it the one written here."""
    for base in model.__mro__:
        if "__init__" in vars(base):
            return not (isinstance(base, ModelType) and _is_ours(base))
    return False


def _is_ours(base: AnyModel) -> bool:
    return vars(base).get("_meta") is None or vars(base)["__init__"] is getattr(base, "_construct", None)


def _derive(kind: type[Exception], model: AnyModel, parents: Iterable[AnyModel]) -> type[Exception]:
    """Make the model's own class of an error, below those of its parents."""
    bases = tuple(getattr(parent, kind.__name__) for parent in parents) or (kind,)
    place = {"__module__": model.__module__, "__qualname__": f"{model.__qualname__}.{kind.__name__}"}
    return type(kind.__name__, bases, {**place, "__doc__": f"{kind.__name__} of {model.__name__}."})


def _spell(name: str) -> str:
    """Turn the name of a class into words: ``BlogPost`` into ``blog post``."""
    return "".join(f" {letter}" if letter.isupper() and place else letter for place, letter in enumerate(name)).lower()
