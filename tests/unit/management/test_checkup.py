"""The list of everything that is wrong."""

from typing import TYPE_CHECKING

import pytest

from openviper.apps.bootstrap import is_set_up
from openviper.management.checkup import find_problems
from openviper.primitives.problems import Severity

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site


def test_settings_that_cannot_be_loaded_are_the_one_problem(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings nothing else can be checked, and that is what is reported."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere.settings")

    problems = find_problems()

    assert [problem.id for problem in problems] == ["settings.E000"]
    assert "nowhere.settings" in problems[0].message


def test_every_bad_value_is_a_problem_of_its_own(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that keep the settings from loading are listed one by one, each with its variable."""
    monkeypatch.setenv("OPENVIPER_DEBUG", "perhaps")
    monkeypatch.setenv("OPENVIPER_USE_TZ", "maybe")

    messages = [problem.message for problem in find_problems()]

    assert len(messages) == 2
    assert "OPENVIPER_DEBUG" in messages[0] + messages[1]
    assert "OPENVIPER_USE_TZ" in messages[0] + messages[1]


@pytest.mark.usefixtures("site")
def test_defaults_have_no_errors() -> None:
    """The framework's own defaults are free of errors."""
    assert [problem for problem in find_problems() if problem.severity is Severity.ERROR] == []


ASGI = "from openviper import OpenViper\napp = OpenViper()\n"
TWICE = """
    from openviper import Router
    router = Router()
    @router.get("/")
    async def one() -> str: return "one"
    @router.get("/")
    async def two() -> str: return "two"
    route_paths = [("", router)]
    """


@pytest.mark.parametrize(
    ("files", "problem", "text"),
    [
        ({"routes.py": "import no_such_library"}, "routes.E001", "No module named 'no_such_library'"),
        ({"routes.py": "raise SystemExit(0)"}, "routes.E001", "SystemExit: 0"),
        ({"routes.py": ""}, "routes.E001", "no list 'route_paths'"),
        ({"routes.py": TWICE}, "routes.E001", "DuplicateRouteError"),
        ({"asgi.py": ASGI, "routes.py": "route_paths = 3"}, "routes.E001", "TypeError"),
        ({"asgi.py": "1 / 0"}, "application.E001", "ZeroDivisionError: division by zero"),
        ({"asgi.py": "application = print"}, "application.E001", "asgi.app is of type NoneType"),
    ],
)
def test_application_that_cannot_be_served_is_a_problem(
    site: "Site", monkeypatch: pytest.MonkeyPatch, files: dict[str, str], problem: str, text: str
) -> None:
    """What runserver would fail over is found by the check, with the cause."""
    site.write({"settings.py": "DEBUG = True\n", **files})
    monkeypatch.syspath_prepend(site.root)
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "settings")

    (found,) = [it for it in find_problems() if it.severity is Severity.ERROR]

    assert found.id == problem
    assert text in found.message


def test_broken_module_is_reported_once(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes of a package that cannot be imported are no second problem of its application."""
    site.write(
        {
            "lamp/__init__.py": "",
            "lamp/settings.py": "",
            "lamp/routes.py": "import no_such_library",
            "lamp/asgi.py": f"import lamp.routes\n{ASGI}",
        }
    )
    monkeypatch.syspath_prepend(site.root)
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "lamp.settings")

    assert [it.id for it in find_problems() if it.severity is Severity.ERROR] == ["project.E001"]


def test_application_is_made_without_running_a_hook(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """The application of a sound project is made, its apps are not set up, and nothing is found."""
    site.write(
        {
            "lamp/__init__.py": "",
            "lamp/settings.py": "INSTALLED_APPS = ('lamp',)",
            "lamp/lifecycle.py": "def ready():\n    raise RuntimeError('ready() was run')",
            "lamp/asgi.py": f"{ASGI}made = True\n",
        }
    )
    monkeypatch.syspath_prepend(site.root)
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "lamp.settings")

    assert [it for it in find_problems() if it.severity is Severity.ERROR] == []
    assert not is_set_up()
