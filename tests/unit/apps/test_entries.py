"""What INSTALLED_APPS may hold."""

from collections.abc import Callable

import pytest

from openviper.apps.entries import label_of, label_problems, name_problems, order_problems, read_requires
from openviper.apps.modules import import_app
from openviper.exceptions import ImproperlyConfigured

WriteApp = Callable[..., None]


def test_label_is_the_last_part_of_the_name() -> None:
    """An app in a package is known by its last name."""
    assert (label_of("company.shop"), label_of("shop")) == ("shop", "shop")


@pytest.mark.parametrize("entry", ["", "..", "a/b", "/etc", "a.", ".a", "a..b", "a b", "a-b", "a\0b", 3, None])
def test_entry_that_is_no_dotted_name_is_reported(entry: object) -> None:
    """An entry that no module can have is named with its position and value."""
    (problem,) = name_problems(["shop", entry])

    assert problem.id == "apps.E002"
    assert problem.message == f"entry 2 of INSTALLED_APPS is {entry!r}, which is no dotted module name"


def test_entry_that_comes_twice_is_reported() -> None:
    """Both positions of a doubled entry are named."""
    (problem,) = name_problems(["shop", "blog", "shop"])

    assert problem.message == "'shop' is in INSTALLED_APPS twice, as entries 1 and 3"
    assert problem.hint == "remove entry 3"


def test_apps_with_one_label_are_reported() -> None:
    """Two packages with the same last name cannot be told apart by commands."""
    (problem,) = label_problems(["company.shop", "blog", "other.shop"])

    assert problem.message == "installed apps 'company.shop' and 'other.shop' have the same label 'shop'"


def test_good_entries_have_no_problems() -> None:
    """Plain and dotted names, each once, in an order that suits them, are fine."""
    entries = ["shop", "company.blog"]

    assert name_problems(entries) == []
    assert label_problems(entries) == []
    assert order_problems(entries, {"company.blog": ("shop",)}) == []


def test_requires_is_read_from_the_package_or_its_apps_module(write_app: WriteApp) -> None:
    """An app declares requires in its package, or else in its apps module; the package wins."""
    write_app("shop", init="requires = ('cart',)", apps="requires = ('mail',)")
    write_app("blog", apps="requires = ['mail']")
    write_app("plain")

    found = {}
    for name in ("shop", "blog", "plain"):
        module = import_app(name)
        assert module is not None
        found[name] = read_requires(name, module)

    assert found == {"shop": ("cart",), "blog": ("mail",), "plain": ()}


def test_submodule_of_that_name_is_no_declaration(write_app: WriteApp) -> None:
    """A submodule <app>/requires.py, once imported, is not mistaken for the declaration."""
    write_app("shop", init="import shop.requires", requires="")
    module = import_app("shop")
    assert module is not None

    assert read_requires("shop", module) == ()


@pytest.mark.parametrize("value", ["'cart'", "('cart', 3)", "{'cart'}"])
def test_requires_of_another_kind_is_an_error(write_app: WriteApp, value: str) -> None:
    """A text in place of a tuple, the usual slip, is an error that shows how to write it."""
    write_app("shop", init=f"requires = {value}")
    module = import_app("shop")
    assert module is not None

    with pytest.raises(ImproperlyConfigured, match=r"requires of installed app 'shop'.*requires = \('other\.app',\)"):
        read_requires("shop", module)


def test_requirement_that_is_not_listed_is_reported() -> None:
    """The message says which app to add, and before which entry."""
    (problem,) = order_problems(["blog", "shop"], {"shop": ("cart",)})

    assert problem.id == "apps.E003"
    assert problem.message == "entry 2 of INSTALLED_APPS, 'shop', requires 'cart', which is not listed"
    assert problem.hint == "add 'cart' before entry 2"


def test_requirement_that_comes_later_is_reported() -> None:
    """The message says which entry to move, and where."""
    (problem,) = order_problems(["shop", "blog", "cart"], {"shop": ("cart",)})

    assert problem.message == ("entry 1 of INSTALLED_APPS, 'shop', requires 'cart', which comes after it as entry 3")
    assert problem.hint == "move entry 3 up, before entry 1"


def test_requirement_that_cannot_be_found_is_reported() -> None:
    """A listed requirement without a package behind it is told from one that is not listed."""
    (problem,) = order_problems(["cart", "shop"], {"shop": ("cart",)}, missing=["cart"])

    assert "requires 'cart', which is entry 1 and cannot be found" in problem.message
    assert problem.hint == "install it, or correct its name"


def test_circle_of_requirements_is_shown() -> None:
    """Apps that require each other in a circle are reported once, with the circle from end to end."""
    requires = {"shop": ("cart",), "cart": ("mail",), "mail": ("shop",)}

    (problem,) = order_problems(["shop", "cart", "mail"], requires)

    assert problem.id == "apps.E003"
    circle = problem.message.partition(": ")[2].split(" -> ")
    assert circle[0] == circle[-1]
    assert sorted(circle[1:]) == ["'cart'", "'mail'", "'shop'"]
    steps = {"'shop'": "'cart'", "'cart'": "'mail'", "'mail'": "'shop'"}
    assert [steps[name] for name in circle[:-1]] == circle[1:]


def test_circle_hides_no_other_fault() -> None:
    """A second circle and a requirement that is not met, of an app inside a circle too, are listed beside the first."""
    requires = {"shop": ("cart", "mail"), "cart": ("shop",), "self": ("self",), "late": ("nobody",)}

    problems = order_problems(["shop", "cart", "self", "late", "mail"], requires)

    circles = sorted(problem.message.partition("circle: ")[2] for problem in problems[:2])
    assert circles[0] == "'self' -> 'self'"
    assert circles[1] in ("'cart' -> 'shop' -> 'cart'", "'shop' -> 'cart' -> 'shop'")
    assert [problem.message for problem in problems[2:]] == [
        "entry 1 of INSTALLED_APPS, 'shop', requires 'mail', which comes after it as entry 5",
        "entry 4 of INSTALLED_APPS, 'late', requires 'nobody', which is not listed",
    ]


@pytest.mark.parametrize("entries", [None, 3, {"shop"}, {"shop": 1}])
def test_something_without_entries_in_order_is_one_problem(entries: object) -> None:
    """Only a tuple or a list has an order; anything else is shown with its type."""
    (problem,) = name_problems(entries)

    assert problem.id == "apps.E002"
    assert problem.message == f"INSTALLED_APPS is {entries!r}, of type {type(entries).__name__}"


def test_app_that_requires_itself_is_a_circle() -> None:
    """The shortest circle is one app."""
    (problem,) = order_problems(["shop"], {"shop": ("shop",)})

    assert "'shop' -> 'shop'" in problem.message
