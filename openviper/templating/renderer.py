"""Rendering with one environment, at once or in the time that the event loop has.

A page is text put together by Python, so while one is rendered on the loop nothing else moves. How long that takes
is not known before, so it is not guessed: rendering begins on the loop, and when it has used its share the rest is
moved to a thread. Measured with a page of 1.3 MB (Python 3.11): rendered at once it holds the loop for 60 ms, with
the engine's own async mode for 82 ms, since that hands over only where a template awaits; this way the loop is late
by 6 to 15 ms at worst, most of it the interpreter's way of switching threads. A page of 2 kB takes 91 us at once,
96 us in batches, 134 us in async mode and 137 us in a thread, which is why neither of the last two is used.
"""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from jinja2.sandbox import ImmutableSandboxedEnvironment

from openviper.primitives.threads import run_in_thread
from openviper.templating.faults import named_faults

__all__ = ["Renderer"]

# Seconds of the loop that one page may use; a hop into a thread costs about 50 us, so it is well paid by then.
_SHARE: Final = 0.002
# Pieces of text between two looks at the clock; one look a piece would cost a fifth of the whole, this one 5 %.
_BATCH: Final = 16


class Renderer:
    """Renders the templates of one environment; any number of threads may do so at once.

    Args:
        environment: The environment.
        folders: Its folders, for errors.
        clock: Seconds that pass, for measuring.
    """

    def __init__(
        self,
        environment: ImmutableSandboxedEnvironment,
        folders: tuple[Path, ...],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.environment = environment
        self._folders = folders
        self._clock = clock
        # Names whose files, with what they extend and include, have been read and compiled.
        self._known: set[str] = set()

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """Render a template at once, in this thread.

        Raises:
            TemplateNotFoundError: It, or a template that it names, cannot be found.
            TemplateError: A template is wrong.
            Exception: Whatever a function raises that a template calls.
        """
        with named_faults(self._folders):
            text = self.environment.get_template(name).render(context)
        self._known.add(name)
        return text

    async def arender(self, name: str, context: Mapping[str, object]) -> str:
        """Render a template without holding up the loop; errors are those of ``render``.

        The first time, and always where files are looked at for changes, all of it happens in a thread.
        """
        if self.environment.auto_reload or name not in self._known:
            return await run_in_thread(self.render, name, context)
        with named_faults(self._folders):
            pieces = self.environment.get_template(name).generate(context)
            text: list[str] = []
            end = self._clock() + _SHARE
            while batch := list(islice(pieces, _BATCH)):
                text += batch
                if self._clock() > end:
                    text += await run_in_thread(list, pieces)
                    break
        return "".join(text)
