"""What the check command reports about templates."""

from collections.abc import Callable, Iterator

import pytest

from openviper.core.checks import clear_checks, run_checks
from openviper.primitives.problems import Severity
from openviper.templating.checks import register_checks

Write = Callable[[dict[str, str]], None]
Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    clear_checks()
    register_checks()
    yield
    clear_checks()


def test_nothing_is_wrong_with_the_defaults(configure: Configure) -> None:
    """A project without templates needs none."""
    configure()

    assert run_checks() == []


def test_right_templates_are_no_problem(write: Write, configure: Configure) -> None:
    """Processors, plugins, templates and files of other kinds that are as they should be are not reported."""
    configure(CONTEXT_PROCESSORS=("fine.site",), JINJA_PLUGINS={"enable": True})
    write(
        {
            "fine.py": "def site(request): return {}\n",
            "jinja_plugins/filters/a.py": "def loud(x): return x\n",
            "templates/page.html": "{{ name|loud }}",
            "templates/app.js": "`{% if %}`",
        }
    )

    assert run_checks() == []


def test_processor_that_cannot_be_loaded(configure: Configure) -> None:
    """Each wrong entry of ``CONTEXT_PROCESSORS`` is an error."""
    configure(CONTEXT_PROCESSORS=("nowhere.a", "nowhere.b"))

    problems = run_checks()

    assert [problem.id for problem in problems] == ["templates.E001"] * 2
    assert "nowhere.a" in problems[0].message


def test_plugins_that_cannot_be_loaded(write: Write, configure: Configure) -> None:
    """A plugin that fails is an error with the path of its file."""
    configure(JINJA_PLUGINS={"enable": True})
    write({"jinja_plugins/globals/bad.py": "1 / 0"})

    (problem,) = run_checks()

    assert problem.id == "templates.E002"
    assert "bad.py" in problem.message


def test_folder_that_is_named_and_not_there(configure: Configure) -> None:
    """A folder that the settings name and nobody has made is a warning."""
    configure(TEMPLATES_DIR="pages")

    (problem,) = run_checks()

    assert (problem.id, problem.severity) == ("templates.W001", Severity.WARNING)
    assert "pages" in problem.message


def test_template_that_cannot_be_read(write: Write, configure: Configure) -> None:
    """Every template with a fault of syntax is a warning with file and line, in apps too."""
    configure(INSTALLED_APPS=("blog",))
    write({"blog/__init__.py": "", "blog/templates/b.html": "a\n{% if %}", "templates/a.html": "{% endfor %}"})

    problems = run_checks()

    assert [problem.id for problem in problems] == ["templates.W002"] * 2
    assert "a.html, line 1" in problems[0].message
    assert "b.html, line 2" in problems[1].message
