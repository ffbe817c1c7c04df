"""The second name of the modules of a root layout."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from openviper.core.aliasing import AliasFinder
from openviper.core.app_resolver import AppResolver

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def alias(write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[AliasFinder]:
    """A project in the root layout ``shop``, importable, with its alias installed."""
    before = set(sys.modules)
    root = write(
        {
            "models.py": "class Book: ...\n",
            "routes.py": "from shop.models import Book\nimport models\nassert Book is models.Book\n",
            "blog/__init__.py": "",
            "blog/models.py": "class Post: ...\n",
            "views.py": "from . import blog\nfrom .blog.models import Post\nfrom .models import Book\n",
            "time.py": "",
            "broken.py": "import nowhere_to_be_found\n",
            "static/site.css": "",
        }
    )
    monkeypatch.syspath_prepend(root)
    finder = AliasFinder("shop", root)
    finder.install()
    yield finder
    finder.remove()
    for name in set(sys.modules) - before:
        del sys.modules[name]


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize("first", ["models", "shop.models"])
def test_both_names_give_one_module(alias: AliasFinder, first: str) -> None:
    """Whichever name is imported first, both give the same module object under its top-level name (C-021)."""
    load(first)

    assert load("shop.models") is load("models")
    assert load("shop.models").__name__ == "models"
    assert sys.modules["models"].__spec__ is not None
    assert sys.modules["models"].__spec__.name == "models"


def test_modules_inside_packages_are_aliased_too(alias: AliasFinder) -> None:
    """The alias reaches through packages of the folder."""
    assert load("shop.blog.models") is load("blog.models")
    assert load("shop.blog") is load("blog")


def test_project_may_use_both_names_in_one_module(alias: AliasFinder) -> None:
    """Code that says ``shop.models`` and ``models`` means one class."""
    load("routes")


@pytest.mark.parametrize("name", ["views", "shop.views"])
def test_relative_imports_start_at_the_folder(alias: AliasFinder, name: str) -> None:
    """A top-level module imports its neighbours by a leading dot, and gets the only copy of each (C-021)."""
    views = load(name)

    assert views.__dict__["Book"] is load("models").__dict__["Book"]
    assert views.__dict__["Post"] is load("blog.models").__dict__["Post"]
    assert views.__dict__["blog"] is load("blog")
    assert importlib.reload(views).__dict__["Book"] is load("models").__dict__["Book"]


def test_modules_of_python_itself_stay(alias: AliasFinder) -> None:
    """What the interpreter holds comes before a file of that name, as it does without the alias."""
    assert alias.find_spec("time") is None
    assert alias.find_spec("json") is None
    assert alias.find_spec("blog") is None


def test_members_are_attributes_of_the_label(alias: AliasFinder) -> None:
    """What was imported below the label is an attribute of it, as of any package."""
    load("shop.models")

    assert load("shop").__dict__["models"] is sys.modules["models"]


@pytest.mark.parametrize("name", ["shop.nothing", "shop.json", "shop.pytest", "shop.blog.nothing"])
def test_what_the_folder_has_not_is_missing(alias: AliasFinder, name: str) -> None:
    """Only modules of the folder are aliased; the error names what was asked for."""
    with pytest.raises(ModuleNotFoundError) as caught:
        load(name)
    assert caught.value.name == name


def test_failing_module_raises_its_own_error(alias: AliasFinder) -> None:
    """An error of the module's code passes through, and no half-made alias stays behind."""
    with pytest.raises(ModuleNotFoundError) as caught:
        load("shop.broken")

    assert caught.value.name == "nowhere_to_be_found"
    assert "shop.broken" not in sys.modules


def test_init_of_the_folder_is_the_label(alias: AliasFinder) -> None:
    """A folder with an ``__init__`` is a package under its label, with relative imports that reach its modules."""
    (alias.root / "__init__.py").write_text("from .models import Book\n", encoding="utf-8")

    assert load("shop").__dict__["Book"] is load("models").__dict__["Book"]


def test_resolver_finds_what_is_aliased(alias: AliasFinder) -> None:
    """The folders of a label and of an app below it are found without importing either."""
    resolver = AppResolver()

    assert resolver.resolve("shop") == alias.root
    assert resolver.resolve("shop.blog") == alias.root / "blog"
    assert "blog" not in sys.modules


def test_second_installation_replaces_the_first(alias: AliasFinder) -> None:
    """A label has one finder, and other labels are left alone."""
    other = AliasFinder("other", alias.root)
    other.install()
    again = AliasFinder("shop", alias.root)

    again.install()

    assert [finder for finder in sys.meta_path if isinstance(finder, AliasFinder)] == [again, other]
    other.remove()


def test_removed_alias_is_forgotten(alias: AliasFinder) -> None:
    """After removal the label is unknown, and the modules stay under their own names."""
    models = load("shop.models")

    alias.remove()

    assert sys.modules["models"] is models
    with pytest.raises(ModuleNotFoundError):
        load("shop.models")
