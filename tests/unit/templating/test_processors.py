"""What every page of the project knows."""

from collections.abc import Callable

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.templating import gather_context

Write = Callable[[dict[str, str]], None]
Configure = Callable[..., None]


async def test_processors_are_async_or_plain(write: Write, configure: Configure) -> None:
    """Each processor gets the request and gives names; a later one wins."""
    configure(CONTEXT_PROCESSORS=["pages.plain", "pages.waiting", "pages.Callable"])
    write(
        {
            "pages.py": (
                "def plain(request): return {'a': 'plain', 'b': 'plain', 'r': request}\n"
                "async def waiting(request): return {'b': 'waiting'}\n"
                "class _C:\n    async def __call__(self, request): return {'c': 'callable'}\n"
                "Callable = _C()\n"
            )
        }
    )

    assert await gather_context("R") == {"a": "plain", "b": "waiting", "c": "callable", "r": "R"}


async def test_no_processor_gives_nothing(configure: Configure) -> None:
    """By default a page has only what its view gives it."""
    configure()

    assert await gather_context("R") == {}


@pytest.mark.parametrize(
    ("path", "text"), [("nowhere.site", "nowhere"), ("string.digits", "cannot be called"), ("x", "x")]
)
async def test_processor_that_cannot_be_loaded_names_the_setting(path: str, text: str, configure: Configure) -> None:
    """A wrong path is an error of ``CONTEXT_PROCESSORS``."""
    configure(CONTEXT_PROCESSORS=(path,))

    with pytest.raises(ImproperlyConfigured, match=rf"{path}' in CONTEXT_PROCESSORS.*{text}"):
        await gather_context("R")


async def test_processor_must_give_a_mapping(write: Write, configure: Configure) -> None:
    """A processor that gives something else is named."""
    configure(CONTEXT_PROCESSORS=("wrong.site",))
    write({"wrong.py": "def site(request): return ['a']\n"})

    with pytest.raises(TypeError, match=r"'wrong\.site' gave list"):
        await gather_context("R")


async def test_error_of_a_processor_passes_through(write: Write, configure: Configure) -> None:
    """What a processor raises is not hidden."""
    configure(CONTEXT_PROCESSORS=("failing.site",))
    write({"failing.py": "def site(request): raise ZeroDivisionError('by design')\n"})

    with pytest.raises(ZeroDivisionError, match="by design"):
        await gather_context("R")


async def test_processor_must_give_names(write: Write, configure: Configure) -> None:
    """A key that no template could use is told with the processor, not by the engine later."""
    configure(CONTEXT_PROCESSORS=("odd.site",))
    write({"odd.py": "def site(request): return {1: 2}\n"})

    with pytest.raises(TypeError, match=r"'odd\.site' gave the key 1"):
        await gather_context("R")
