"""The models of the process by their labels, and the names by which models refer to each other.

A model enters when its class is made, which for an installed app is when ``setup()`` imports its ``models`` module.
A reference may name a model that does not exist yet, so it is resolved when somebody first needs its target.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from openviper.apps.modules import import_submodule
from openviper.apps.registry import registry as installed_apps
from openviper.db.exceptions import ModelDefinitionError, ModelReferenceError
from openviper.primitives.imports import import_string

__all__ = ["AnyModel", "AnyRecord", "ModelRegistry", "Reference", "app_of", "registry"]

#: A model, whose attributes nobody knows on this floor.
AnyModel: TypeAlias = type[Any]
#: An instance of some model.
AnyRecord: TypeAlias = Any

_MODELS: Final = "models"


def app_of(module: str) -> str:
    """Give the label of the app that a module with models belongs to.

    ``blog.models`` and ``blog.models.post`` belong to ``blog``; a module that is not below one of that name belongs
    to its package, and one without a package is its own app. A script's own models belong to ``main``.

    Args:
        module: Dotted name, as ``__module__`` has it.
    """
    parts = module.split(".")
    if _MODELS in parts[1:]:
        return parts[parts.index(_MODELS, 1) - 1]
    return parts[-2 if len(parts) > 1 else 0].strip("_")


class Reference:
    """How one model names another: resolved on first use, and anew when the registry has changed.

    Args:
        to: The model itself, ``"app.Model"``, ``"Model"`` of the same app, a dotted path, or ``"self"``.
        referrer: Who refers, for messages: ``blog.Post.author``.
        own_label: Label of the model that refers.
        registry: Where models are looked up.

    Raises:
        ModelDefinitionError: ``to`` is neither a class nor a name.
    """

    __slots__ = ("_registry", "_seen", "_target", "label", "own_label", "referrer", "to")

    def __init__(self, to: object, *, referrer: str, own_label: str, registry: "ModelRegistry") -> None:
        self.to = to
        self.referrer = referrer
        self.own_label = own_label
        #: The label that the name stands for, as far as it can be told without importing anything.
        self.label = self._read_label()
        self._registry = registry
        self._target: AnyModel | None = None
        self._seen = -1

    def __repr__(self) -> str:
        return f"<Reference from {self.referrer} to {self.label}>"

    @property
    def target(self) -> AnyModel:
        """The model that is meant.

        Raises:
            ModelReferenceError: There is none of that name.
        """
        if self._target is None or self._seen != self._registry.version:
            self._target = self._registry.resolve(self)
            self._seen = self._registry.version
        return self._target

    def _read_label(self) -> str:
        app, _, own_name = self.own_label.rpartition(".")
        if isinstance(self.to, type):
            return f"{app_of(self.to.__module__)}.{self.to.__name__}"
        if not isinstance(self.to, str) or not all(part.isidentifier() for part in self.to.split(".")):
            raise ModelDefinitionError(
                f"{self.referrer} refers to {self.to!r}; write the class, 'app.Model', a dotted path or 'self'"
            )
        module, _, name = self.to.rpartition(".")
        if not module:
            return f"{app}.{own_name if name == 'self' else name}"
        return f"{app_of(module) if '.' in module else module}.{name}"


class ModelRegistry:
    """The models of the process, by label."""

    def __init__(self) -> None:
        self._models: dict[str, AnyModel] = {}
        # Label of a target to who refers to it, whether or not the target is there.
        self._references: dict[str, list[Reference]] = {}
        # Label of a model to those that were made for fields of it, and leave with it.
        self._parts: dict[str, list[str]] = {}
        #: Grows with every change, so that what was derived from the models can tell that it is old.
        self.version = 0

    def __contains__(self, label: object) -> bool:
        return label in self._models

    def __iter__(self) -> Iterator[AnyModel]:
        return iter(tuple(self._models.values()))

    def __len__(self) -> int:
        return len(self._models)

    @property
    def labels(self) -> list[str]:
        """The labels of all models, in the order of their making."""
        return list(self._models)

    def register(self, label: str, model: AnyModel, references: Iterable[Reference] = (), *, part_of: str = "") -> None:
        """Add a model; the same class made again, by a reload or in a notebook, takes the place of the old one.

        Args:
            label: ``"app.Model"``.
            model: The class.
            references: The models that it refers to.
            part_of: Label of the model whose field it was made for; it leaves with that one.

        Raises:
            ModelDefinitionError: A class of another module or another scope has the label.
        """
        known = self._models.get(label)
        if known is not None and _origin(known) != _origin(model):
            raise ModelDefinitionError(
                f"two models have the label {label}: {_origin(known)} and {_origin(model)}; rename one of them"
            )
        self.unregister(label)
        self._models[label] = model
        if part_of:
            self._parts.setdefault(part_of, []).append(label)
        for reference in references:
            self._references.setdefault(reference.label, []).append(reference)

    def unregister(self, label: str) -> None:
        """Take a model out, with what it refers to and what was made for it; one that is not there is no error."""
        self.version += 1
        self._models.pop(label, None)
        for references in self._references.values():
            references[:] = [one for one in references if one.own_label != label]
        for part in self._parts.pop(label, ()):
            self.unregister(part)

    def get(self, label: str) -> AnyModel:
        """Give the model of a label.

        Raises:
            ModelReferenceError: There is none.
        """
        return self.resolve(Reference(label, referrer="", own_label="", registry=self))

    def find(self, label: str) -> AnyModel | None:
        """Give the model of a label if it has been made; nothing is imported."""
        return self._models.get(label)

    def references_to(self, label: str) -> Sequence[Reference]:
        """List who refers to a model, in the order of their making."""
        return tuple(self._references.get(label, ()))

    def resolve(self, reference: Reference) -> AnyModel:
        """Give the model that is meant, importing the module that should have it if need be.

        Raises:
            ModelReferenceError: There is none of that name.
            AppLifecycleImportError: The ``models`` module of the app is there and cannot be imported.
        """
        if isinstance(reference.to, type):
            return reference.to
        label = reference.label
        found = self._models.get(label)
        if found is None:
            self._import_models(label.partition(".")[0])
            found = self._models.get(label) or self._import_path(reference)
        if found is None:
            raise ModelReferenceError(
                str(reference.to),
                referrer=reference.referrer,
                known=self._models,
                reason=f"there is no model {label}",
            )
        return found

    def unresolved(self) -> list[ModelReferenceError]:
        """List the references that lead nowhere; modules that should have their targets are imported.

        Raises:
            AppLifecycleImportError: The ``models`` module of an app is there and cannot be imported.
        """
        found: list[ModelReferenceError] = []
        # What was made for a field of a model refers to what that field refers to.
        parts = {label for labels in self._parts.values() for label in labels}
        for reference in [one for references in self._references.values() for one in references]:
            if reference.own_label in parts:
                continue
            try:
                _ = reference.target
            except ModelReferenceError as error:
                found.append(error)
        return found

    def clear(self) -> None:
        """Forget all models; for tests. What has been imported stays imported."""
        self._models.clear()
        self._references.clear()
        self._parts.clear()
        self.version += 1

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Forget, at the end of a ``with`` block, the models that were made within it; for tests."""
        models = dict(self._models)
        references = {label: list(known) for label, known in self._references.items()}
        parts = {label: list(known) for label, known in self._parts.items()}
        try:
            yield
        finally:
            self._models, self._references, self._parts = models, references, parts
            self.version += 1

    def _import_models(self, app: str) -> None:
        """Import the models of an installed app, for a reference that is followed before ``setup()`` came to it."""
        for installed in installed_apps.apps:
            if installed.label == app:
                import_submodule(installed.name, _MODELS)

    def _import_path(self, reference: Reference) -> AnyModel | None:
        """Follow a dotted path to where it leads; it may be that of a package which only imports the model."""
        path = str(reference.to)
        if path.count(".") < 2:
            return None
        try:
            found = import_string(path)
        except ImportError as error:
            raise ModelReferenceError(
                path, referrer=reference.referrer, known=self._models, reason=f"it cannot be imported ({error})"
            ) from error
        return found if isinstance(found, type) and found in self._models.values() else None


#: The models of this process.
registry = ModelRegistry()


def _origin(model: AnyModel) -> str:
    return f"{model.__module__}.{model.__qualname__}"
