"""What the checks find in settings, installed apps and middleware."""

from collections.abc import Callable, Iterator

import pytest

from openviper.apps.checks import APP_MODULES, register_checks
from openviper.conf import settings
from openviper.core.checks import clear_checks, run_checks
from openviper.primitives.problems import Problem, Severity

WriteApp = Callable[..., None]
Configure = Callable[..., None]

MIDDLEWARE = "class Passing:\n    def __init__(self, app): self.app = app\n\nlimit = 3\n"


@pytest.fixture
def find(configure: Configure) -> Iterator[Callable[..., list[Problem]]]:
    """Configure the settings and run the checks; those of the settings themselves are left out."""
    clear_checks()
    register_checks()

    def find(**settings: object) -> list[Problem]:
        configure(**{"MIDDLEWARE": (), **settings})
        return [problem for problem in run_checks() if not problem.id.startswith("settings.")]

    yield find
    clear_checks()


Find = Callable[..., list[Problem]]


def test_sound_project_has_no_problems(find: Find, write_app: WriteApp, write_lifecycle_app: WriteApp) -> None:
    """Apps with hooks of the right kind, in the right order, and middleware that can be built pass all checks."""
    write_lifecycle_app("shop")
    write_app("blog", init="requires = ('shop',)\nasync def ready(): pass", middleware=MIDDLEWARE)

    assert find(INSTALLED_APPS=("shop", "blog"), MIDDLEWARE=("blog.middleware.Passing",)) == []


def test_no_hook_is_run(find: Find, write_app: WriteApp, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Checking imports the apps, and neither readies nor starts them."""
    write_lifecycle_app("shop")
    write_app("blog", init="from journal import events\ndef ready(): events.append('ready')")

    find(INSTALLED_APPS=("shop", "blog"))

    assert events == []


def test_app_that_cannot_be_found_is_a_warning(find: Find) -> None:
    """apps.W001: the app is skipped when the project runs, so it is no error (C-107, A-04)."""
    (problem,) = find(INSTALLED_APPS=("nowhere_at_all",))

    assert (problem.id, problem.severity) == ("apps.W001", Severity.WARNING)
    assert "'nowhere_at_all' cannot be found" in problem.message
    assert "remove it from INSTALLED_APPS" in problem.hint


def test_app_that_fails_to_import_is_an_error(find: Find, write_app: WriteApp) -> None:
    """apps.E001: an app that is there and raises is reported once, with cause and line (A-04)."""
    write_app("shop", init="\nimport no_such_package_anywhere")

    (problem,) = find(INSTALLED_APPS=("shop",))

    assert (problem.id, problem.severity) == ("apps.E001", Severity.ERROR)
    assert "installed app 'shop'" in problem.message
    assert "no_such_package_anywhere" in problem.message
    assert "__init__.py, line 2" in problem.message


@pytest.mark.parametrize("module", APP_MODULES)
def test_module_of_an_app_that_fails_to_import_is_an_error(find: Find, write_app: WriteApp, module: str) -> None:
    """apps.E001: every module that the framework looks for is imported, and reported once (A-04, A-05)."""
    write_app("shop", **{module: "raise ValueError('no')"})

    (problem,) = find(INSTALLED_APPS=("shop",))

    assert problem.id == "apps.E001"
    assert f"'shop.{module}' of installed app 'shop'" in problem.message
    assert "ValueError: no" in problem.message


def test_entries_that_cannot_work_are_errors(find: Find, write_app: WriteApp) -> None:
    """apps.E002: doubled entries, names that are none and doubled labels, each with what to do."""
    write_app("shop")
    write_app("company")
    write_app("company.shop")

    problems = find(INSTALLED_APPS=("shop", ["blog"], "shop", "company.shop"))

    assert [problem.id for problem in problems] == ["apps.E002"] * 3
    assert [problem.hint for problem in problems] == [
        "write it as 'package.module', without slashes",
        "remove entry 3",
        "rename the package of one of them",
    ]


def test_bare_text_in_place_of_a_tuple_is_one_error(find: Find) -> None:
    """apps.E002: a forgotten comma is not read letter by letter."""
    (problem,) = find(INSTALLED_APPS="shop")

    assert (problem.id, problem.hint) == ("apps.E002", "write a tuple: ('shop',)")


@pytest.mark.parametrize(
    ("requires", "text"),
    [
        ("('cart',)", "requires 'cart', which comes after it as entry 3"),
        ("('mail',)", "requires 'mail', which is not listed"),
        ("('nowhere_at_all',)", "requires 'nowhere_at_all', which is entry 2 and cannot be found"),
        ("('shop',)", "form a circle: 'shop' -> 'shop'"),
        ("'cart'", "write a tuple of app names"),
    ],
)
def test_requirements_that_are_not_met_are_errors(find: Find, write_app: WriteApp, requires: str, text: str) -> None:
    """apps.E003: a wrong order, a missing app, a circle and a text in place of a tuple."""
    write_app("shop", init=f"requires = {requires}")
    write_app("cart")

    problems = find(INSTALLED_APPS=("shop", "nowhere_at_all", "cart"))

    (problem,) = [problem for problem in problems if problem.id != "apps.W001"]
    assert (problem.id, problem.severity) == ("apps.E003", Severity.ERROR)
    assert text in problem.message


def test_hooks_of_the_wrong_kind_are_errors(find: Find, write_app: WriteApp) -> None:
    """apps.E004: the hooks of the lifecycle module and that of the package are looked at (C-405)."""
    write_app("shop", init="ready = 3", lifecycle="async def ready(): pass")
    write_app("blog", lifecycle="def startup(): pass")

    problems = find(INSTALLED_APPS=("shop", "blog"))

    assert [problem.id for problem in problems] == ["apps.E004"] * 3
    assert [problem.message.partition(" is ")[0] for problem in problems] == [
        "hook 'ready' of installed app 'shop' (in shop.lifecycle)",
        "hook 'ready' of installed app 'shop' (in shop)",
        "hook 'startup' of installed app 'blog' (in blog.lifecycle)",
    ]


@pytest.mark.parametrize(
    "entry", ["nowhere_at_all.Middleware", "shop.middleware.Missing", "shop.broken.Passing", "Passing"]
)
def test_middleware_that_cannot_be_imported_is_an_error(find: Find, write_app: WriteApp, entry: str) -> None:
    """middleware.E001: the entry is named with its position and the cause (C-119a)."""
    write_app("shop", middleware=MIDDLEWARE, broken="1 / 0")

    (problem,) = find(INSTALLED_APPS=("shop",), MIDDLEWARE=("shop.middleware.Passing", entry))

    assert (problem.id, problem.severity) == ("middleware.E001", Severity.ERROR)
    assert f"entry 2 of MIDDLEWARE, {entry!r}" in problem.message


def test_middleware_that_cannot_be_called_is_an_error(find: Find, write_app: WriteApp) -> None:
    """middleware.E002: an entry must name something that takes the next application (C-108)."""
    write_app("shop", middleware=MIDDLEWARE)

    (problem,) = find(INSTALLED_APPS=("shop",), MIDDLEWARE=("shop.middleware.limit",))

    assert (problem.id, problem.severity) == ("middleware.E002", Severity.ERROR)
    assert "'shop.middleware.limit', is of type int" in problem.message


@pytest.mark.parametrize(
    ("name", "value", "problem_id"),
    [
        ("INSTALLED_APPS", None, "apps.E002"),
        ("INSTALLED_APPS", 3, "apps.E002"),
        ("MIDDLEWARE", None, "middleware.E001"),
        ("MIDDLEWARE", "shop.middleware.Passing", "middleware.E001"),
        ("MIDDLEWARE", (3,), "middleware.E001"),
        ("LIFECYCLE_HOOK_TIMEOUT", "x", "apps.E005"),
        ("LIFECYCLE_HOOK_TIMEOUT", 0, "apps.E005"),
        ("LOGGING", {"version": 2}, "logging.E001"),
    ],
)
def test_setting_that_cannot_work_is_one_error(find: Find, name: str, value: object, problem_id: str) -> None:
    """A value of the wrong type or out of range is reported by the name of its setting, and ends no check."""
    (problem,) = find(**{name: value})

    assert (problem.id, problem.severity) == (problem_id, Severity.ERROR)
    assert name in problem.message


@pytest.mark.parametrize("module", APP_MODULES)
def test_own_module_of_the_project_that_fails_is_an_error(
    write_app: WriteApp, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """project.E001: the project's package need not be an installed app for its modules to matter."""
    write_app("site_of_ours", settings="INSTALLED_APPS = ()\n", **{module: "\nraise ValueError('no')"})
    problems = _check_project(monkeypatch, "site_of_ours.settings")

    (problem,) = [problem for problem in problems if not problem.id.startswith("settings.")]
    assert (problem.id, problem.severity) == ("project.E001", Severity.ERROR)
    assert f"'site_of_ours.{module}' of the project" in problem.message
    assert "ValueError: no" in problem.message
    assert f"{module}.py, line 2" in problem.message


def test_project_that_is_an_app_is_reported_once(write_app: WriteApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken module of a project that is listed is that of an app."""
    write_app("site_of_ours", settings="INSTALLED_APPS = ('site_of_ours',)\n", models="raise ValueError('no')")

    problems = _check_project(monkeypatch, "site_of_ours.settings")

    assert [problem.id for problem in problems if not problem.id.startswith("settings.")] == ["apps.E001"]


def _check_project(monkeypatch: pytest.MonkeyPatch, module: str) -> list[Problem]:
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", module)
    clear_checks()
    settings.reset()
    register_checks()
    try:
        return run_checks()
    finally:
        clear_checks()
        settings.reset()


def test_settings_are_checked_as_well(configure: Configure) -> None:
    """The checks of the settings are registered with the others, those for deployments apart."""
    clear_checks()
    register_checks()
    register_checks()
    configure(DEBUG=True, SECRET_KEY="")

    ids = [problem.id for problem in run_checks()]
    deployed = [problem.id for problem in run_checks(deploy=True)]
    clear_checks()

    assert "settings.E101" not in ids
    assert deployed.count("settings.E101") == 1
    assert set(ids) <= set(deployed)
