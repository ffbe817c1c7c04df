"""Rendering as code calls it."""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.templating import (
    TemplateNotFoundError,
    arender_to_string,
    get_jinja2_env,
    register_global,
    render_to_string,
    reset_templating,
)
from openviper.testing import override_settings

Write = Callable[[dict[str, str]], None]
Configure = Callable[..., None]


def test_template_of_the_project_is_rendered(write: Write, configure: Configure) -> None:
    """A template in ``TEMPLATES_DIR`` gets the names of the context."""
    configure()
    write({"templates/shop/page.html": "Hello {{ name }}"})

    assert render_to_string("shop/page.html", {"name": "Ada"}) == "Hello Ada"


def test_context_may_be_left_out(write: Write, configure: Configure) -> None:
    """A template that needs no names is rendered without a context."""
    configure()
    write({"templates/page.html": "Hello"})

    assert render_to_string("page.html") == "Hello"


async def test_rendering_off_the_loop_gives_the_same(write: Write, configure: Configure) -> None:
    """``arender_to_string`` gives what ``render_to_string`` gives, the first time and later."""
    configure()
    write({"templates/page.html": "{% for n in numbers %}{{ n }};{% endfor %}"})
    context = {"numbers": range(500)}

    texts = [await arender_to_string("page.html", context) for _ in range(2)]

    assert texts == [render_to_string("page.html", context)] * 2


def test_app_is_searched_after_the_project(write: Write, configure: Configure) -> None:
    """The project's template wins over that of an app, and an app over the apps after it."""
    configure(INSTALLED_APPS=("blog", "shop"))
    write({f"{app}/__init__.py": "" for app in ("blog", "shop")})
    for place in ("templates", "blog/templates", "shop/templates"):
        write({f"{place}/three.html": place})
    for place in ("blog/templates", "shop/templates"):
        write({f"{place}/two.html": place})
    write({"shop/templates/one.html": "shop/templates"})

    texts = [render_to_string(name) for name in ("three.html", "two.html", "one.html")]

    assert texts == ["templates", "blog/templates", "shop/templates"]


def test_override_of_a_setting_takes_effect_and_ends(write: Write, configure: Configure) -> None:
    """Inside ``override_settings`` another folder of templates counts, and after it the first one again."""
    configure()
    write({"templates/page.html": "first", "other/page.html": "second"})

    before = render_to_string("page.html")
    with override_settings(TEMPLATES_DIR="other"):
        inside = render_to_string("page.html")

    assert (before, inside, render_to_string("page.html")) == ("first", "second", "first")


def test_environment_stays_while_settings_do(configure: Configure) -> None:
    """The environment of the project is made once, and anew after a setting of templates has changed."""
    configure()
    first = get_jinja2_env()

    assert get_jinja2_env() is first
    with override_settings(PROJECT_NAME="Other"):
        assert get_jinja2_env() is first
    with override_settings(INSTALLED_APPS=("blog",)):
        assert get_jinja2_env() is not first


def test_environment_of_other_folders(write: Write, configure: Configure, tmp_path: Path) -> None:
    """``get_jinja2_env(paths)`` searches those folders, in their order, and nothing else."""
    configure()
    write({"templates/mine.html": "mine", "a/page.html": "a", "b/page.html": "b", "b/only.html": "only b"})

    environment = get_jinja2_env([tmp_path / "a", "b"])

    assert environment.get_template("page.html").render() == "a"
    assert environment.get_template("only.html").render() == "only b"
    assert environment.list_templates() == ["only.html", "page.html"]


def test_changed_file_counts_in_debug(write: Write, configure: Configure) -> None:
    """With ``DEBUG`` and ``TEMPLATE_AUTO_RELOAD`` a new text, or a file in front, is used at once."""
    configure(DEBUG=True, INSTALLED_APPS=("blog",))
    write({"blog/__init__.py": "", "blog/templates/page.html": "one"})
    texts = [render_to_string("page.html")]

    write({"templates/page.html": "two"})
    texts.append(render_to_string("page.html"))

    assert texts == ["one", "two"]


@pytest.mark.parametrize("fields", [{"DEBUG": False}, {"DEBUG": True, "TEMPLATE_AUTO_RELOAD": False}])
def test_changed_file_does_not_count_otherwise(write: Write, configure: Configure, fields: dict[str, bool]) -> None:
    """Without ``DEBUG`` or ``TEMPLATE_AUTO_RELOAD`` a template is read once."""
    configure(INSTALLED_APPS=("blog",), **fields)
    write({"blog/__init__.py": "", "blog/templates/page.html": "one"})
    texts = [render_to_string("page.html")]

    write({"templates/page.html": "two"})
    texts.append(render_to_string("page.html"))
    reset_templating()
    texts.append(render_to_string("page.html"))

    assert texts == ["one", "one", "two"]


def test_function_registered_later_is_there(write: Write, configure: Configure) -> None:
    """A function that is registered after the first page is known to the next one."""
    configure()
    write({"templates/a.html": "a", "templates/b.html": "{{ shout('hi') }}"})
    render_to_string("a.html")

    register_global("shout", str.upper)

    assert render_to_string("b.html") == "HI"


def test_two_projects_of_one_process_do_not_mix(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ``settings.reset()`` a project of the same settings name has its own templates."""
    for place in ("one", "two"):
        write({f"{place}/shop/__init__.py": "", f"{place}/shop/settings.py": "", f"{place}/templates/a.html": place})
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.settings")
    texts = []
    for place in ("one", "two"):
        with monkeypatch.context() as patch:
            patch.syspath_prepend(tmp_path / place)
            settings.reset()
            forget("shop", "shop.settings")
            texts.append(render_to_string("a.html"))

    assert texts == ["one", "two"]


def forget(*names: str) -> None:
    for name in names:
        sys.modules.pop(name, None)


async def test_many_first_pages_at_once(write: Write, configure: Configure) -> None:
    """Pages that are asked for together before the engine is loaded share one environment."""
    configure()
    write({"templates/page.html": "{{ n }}"})

    texts = await asyncio.gather(*(arender_to_string("page.html", {"n": n}) for n in range(20)))

    assert texts == [str(n) for n in range(20)]


def test_many_threads_at_once(write: Write, configure: Configure) -> None:
    """Threads that render the same templates for the first time get the right texts."""
    configure()
    write({"templates/base.html": "<{% block b %}{% endblock %}>"})
    write({f"templates/{n}.html": '{% extends "base.html" %}{% block b %}{{ n }}{% endblock %}' for n in range(8)})
    texts: list[str] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait(10)
        texts.extend(render_to_string(f"{n}.html", {"n": n}) for n in range(8))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(texts) == sorted([f"<{n}>" for n in range(8)] * 8)


def test_missing_template_names_the_folders(configure: Configure, write: Write, tmp_path: Path) -> None:
    """The error of a missing template lists where it was looked for, in order."""
    configure(INSTALLED_APPS=("blog",))
    write({"blog/__init__.py": ""})

    with pytest.raises(TemplateNotFoundError) as caught:
        render_to_string("nope.html")

    assert caught.value.searched == (tmp_path / "templates", tmp_path / "blog" / "templates")
    assert caught.value.name == "nope.html"
