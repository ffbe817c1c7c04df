"""Which thread a page is made in."""

import threading
from collections.abc import Iterator
from itertools import chain, count, repeat
from pathlib import Path

import pytest

from openviper.templating.environment import Ingredients, build_environment
from openviper.templating.exceptions import TemplateError
from openviper.templating.functions import TemplateGlobal
from openviper.templating.renderer import Renderer

ROWS = "{% for n in numbers %}{{ here() }}{{ n }};{% endfor %}"


class Threads:
    """Notes the thread of each call that a template makes."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def here(self) -> str:
        self.seen.append(threading.get_ident())
        return ""


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.html"
    page.write_text(ROWS)
    return page


def make(page: Path, threads: Threads, *, ticks: Iterator[float] | None = None, auto_reload: bool = False) -> Renderer:
    clock = repeat(0.0) if ticks is None else ticks
    functions = {"here": TemplateGlobal(threads.here)}
    environment = build_environment(Ingredients((page.parent,), auto_reload, functions))
    return Renderer(environment, (page.parent,), clock=lambda: next(clock))


async def test_first_page_is_made_in_a_thread(page: Path, threads: Threads) -> None:
    """The first rendering reads and compiles files, so nothing of it happens on the loop."""
    renderer = make(page, threads)

    await renderer.arender("page.html", {"numbers": range(3)})

    assert threading.get_ident() not in threads.seen
    assert len(threads.seen) == 3


async def test_small_page_is_made_on_the_loop(page: Path, threads: Threads) -> None:
    """A page that is known and stays within its share of the loop costs no thread."""
    renderer = make(page, threads)
    renderer.render("page.html", {"numbers": ()})

    text = await renderer.arender("page.html", {"numbers": range(3)})

    assert text == "0;1;2;"
    assert set(threads.seen) == {threading.get_ident()}


async def test_rest_of_a_page_that_takes_long_is_made_in_a_thread(page: Path, threads: Threads) -> None:
    """A page of more than 1 MB leaves the loop when its share is used up, and is whole and in order."""
    renderer = make(page, threads, ticks=chain([0.0], count(0.001, 0.001)))
    renderer.render("page.html", {"numbers": ()})
    numbers = range(200_000)

    text = await renderer.arender("page.html", {"numbers": numbers})

    assert text == "".join(f"{n};" for n in numbers)
    assert len(text) > 1_000_000
    on_the_loop = threads.seen.count(threading.get_ident())
    assert 0 < on_the_loop < 100
    assert threading.get_ident() not in threads.seen[on_the_loop:]


async def test_page_is_made_in_a_thread_while_files_are_looked_at(page: Path, threads: Threads) -> None:
    """With auto reload every page asks the disk, so every page is made in a thread."""
    renderer = make(page, threads, auto_reload=True)

    for _ in range(2):
        await renderer.arender("page.html", {"numbers": range(2)})

    assert threading.get_ident() not in threads.seen


async def test_fault_is_named_on_both_ways(page: Path, threads: Threads) -> None:
    """An error has its file and line whether the loop or a thread has met it."""
    page.write_text("a\n{% for n in numbers %}{{ here() }}{{ n }};{% endfor %}\n{{ naem }}")
    renderer = make(page, threads, ticks=count(0.0, 1.0))
    renderer.render("page.html", {"numbers": (), "naem": ""})

    for numbers in (range(1), range(1000)):
        with pytest.raises(TemplateError, match=r"page\.html, line 3: 'naem' is undefined"):
            await renderer.arender("page.html", {"numbers": numbers})

    assert set(threads.seen) - {threading.get_ident()} != set()
