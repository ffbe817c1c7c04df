"""Labels, references by every kind of name, and models that are imported when they are needed."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.apps.registry import registry as installed_apps
from openviper.db.exceptions import ModelDefinitionError, ModelReferenceError
from openviper.db.fields import ForeignKey, IntegerField
from openviper.db.models import Model
from openviper.db.registry import Reference, app_of, registry


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the search path; what was imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write_app(project: Path, name: str, models: str, init: str = "") -> None:
    (project / name).mkdir()
    (project / name / "__init__.py").write_text(init)
    (project / name / "models.py").write_text(
        f"from openviper.db.models import Model\nfrom openviper.db import fields\n{models}"
    )


def refer(to: object) -> Reference:
    return Reference(to, referrer="blog.Post.author", own_label="blog.Post", registry=registry)


@pytest.mark.parametrize(
    ("module", "app"),
    [
        ("blog.models", "blog"), ("company.blog.models", "blog"), ("blog.models.post", "blog"), ("blog.tables", "blog"),
        ("models", "models"), ("script", "script"), ("__main__", "main"), ("models.shop", "models"),
    ],
)  # fmt: skip
def test_app_of_a_module(module: str, app: str) -> None:
    """An app is named after the package with the models."""
    assert app_of(module) == app


@pytest.mark.parametrize(
    ("to", "label"),
    [
        ("shop.Book", "shop.Book"), ("Author", "blog.Author"), ("self", "blog.Post"),
        ("company.shop.models.Book", "shop.Book"),
        ("company.shop.models.book.Book", "shop.Book"),
    ],
)  # fmt: skip
def test_name_stands_for_a_label(to: str, label: str) -> None:
    """Every spelling of a name leads to one label, without importing anything."""
    assert refer(to).label == label


def test_class_stands_for_itself() -> None:
    """A class needs no name."""

    class Author(Model):
        pass

    assert refer(Author).target is Author
    assert refer(Author).label == Author._meta.label == "db.Author"


def test_model_is_found_by_its_label() -> None:
    """A model is known from the moment its class is made."""
    with pytest.raises(ModelReferenceError, match=r"there is no model db\.Author"):
        registry.get("db.Author")

    class Author(Model):
        pass

    assert registry.get("db.Author") is Author
    assert "db.Author" in registry
    assert list(registry) == [Author]
    assert (len(registry), registry.labels) == (1, ["db.Author"])


def test_models_that_refer_to_each_other() -> None:
    """A name may be of a model that comes later, and two models may refer to each other."""

    class Author(Model):
        favourite: ForeignKey["Post | None"] = ForeignKey("Post", null=True, related_name="fans")

    class Post(Model):
        author = ForeignKey(Author)
        answer_to: ForeignKey["Post | None"] = ForeignKey("self", null=True, related_name="answers")

    favourite, answer_to = Author._meta.by_name["favourite"].related, Post._meta.by_name["answer_to"].related
    assert favourite is not None
    assert answer_to is not None
    assert (favourite.model, answer_to.model) == (Post, Post)
    assert set(Post._meta.reverse) == {"fans", "answers"}


def test_app_is_imported_for_a_reference(project: Path) -> None:
    """A reference to an installed app whose models were not imported yet imports them."""
    write_app(project, "library_app", "class Book(Model):\n    pages = fields.IntegerField()\n")
    installed_apps.populate(["library_app"])

    book = refer("library_app.Book").target

    assert book.__module__ == "library_app.models"
    assert refer("library_app.models.Book").target is book


def test_models_of_installed_apps(project: Path) -> None:
    """Importing the models modules of the apps, as setup() does, is what makes their models known."""
    write_app(project, "first_app", "class Book(Model):\n    pages = fields.IntegerField()\n")
    write_app(project, "second_app", "class Page(Model):\n    book = fields.ForeignKey('first_app.Book')\n")
    installed_apps.populate(["second_app", "first_app"])

    installed_apps.import_submodules("models")

    assert registry.labels == ["second_app.Page", "first_app.Book"]
    assert registry.unresolved() == []


def test_dotted_path_through_a_package(project: Path) -> None:
    """A path may go through a package that only imports the model."""
    write_app(project, "archive_app", "class Book(Model):\n    pass\n", init="")
    (project / "facade").mkdir()
    (project / "facade" / "__init__.py").write_text("")
    (project / "facade" / "names.py").write_text("from archive_app.models import Book\n")

    assert refer("facade.names.Book").target.__module__ == "archive_app.models"


@pytest.mark.parametrize("path", ["no.such.module.Book", "openviper.db.models.Missing", "openviper.db.models.Index"])
def test_path_that_leads_to_no_model(path: str) -> None:
    """The message names who refers, the path, and the models that exist."""
    with pytest.raises(ModelReferenceError) as caught:
        _ = refer(path).target
    assert (caught.value.referrer, caught.value.reference, caught.value.known) == ("blog.Post.author", path, [])


def test_label_is_taken() -> None:
    """Two classes of different modules cannot have one label, and the second leaves nothing behind."""

    class Author(Model):
        pass

    with pytest.raises(ModelDefinitionError, match=r"two models have the label db\.Author"):
        type.__call__(type(Model), "Author", (Model,), {"__module__": "elsewhere.db.models", "__qualname__": "Author"})
    assert registry.get("db.Author") is Author


def test_class_that_is_made_again(project: Path) -> None:
    """A reload replaces the model, and references lead to the new one."""
    write_app(project, "blog", "class Author(Model):\n    pass\n")
    module = importlib.import_module("blog.models")
    reference = refer("Author")
    old = reference.target

    importlib.reload(module)

    assert reference.target is module.Author
    assert reference.target is not old


def test_model_that_fails_is_unknown() -> None:
    """A class that could not be made is in no registry, and neither are its references."""

    class Author(Model):
        pass

    with pytest.raises(ModelDefinitionError):

        class Post(Model):
            first = ForeignKey(Author)
            second = ForeignKey(Author)

    assert registry.labels == ["db.Author"]
    assert Author._meta.reverse == {}


def test_references_that_lead_nowhere_are_listed() -> None:
    """All of them are found at once, for the ``check`` command; those that lead somewhere are not among them."""

    class Author(Model):
        pass

    class Post(Model):
        author = ForeignKey(Author)
        shelf: ForeignKey[Model] = ForeignKey("library.Shelf")
        owner: ForeignKey[Model] = ForeignKey("Owner")

    assert [(error.referrer, error.reference) for error in registry.unresolved()] == [
        ("db.Post.shelf", "library.Shelf"),
        ("db.Post.owner", "Owner"),
    ]


def test_registry_is_emptied() -> None:
    """Tests may forget all models, or those of one block."""
    with registry.isolated():

        class Author(Model):
            age = IntegerField()

        assert len(registry) == 1
    assert len(registry) == 0

    class Post(Model):
        pass

    registry.clear()
    assert registry.labels == []
    assert Post._meta.reverse == {}
