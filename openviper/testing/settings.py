"""Other values of settings, for the time of one test."""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, cast

from openviper.conf import settings

__all__ = ["override_settings"]

C = TypeVar("C", bound=Callable[..., Any])


class override_settings:  # noqa: N801  # used as a statement and a decorator, where names are in lower case
    """Give settings other values inside a ``with`` block, or while a decorated test runs; then the old ones return.

    Decorates functions and coroutine functions, and classes, of which it decorates every method whose name
    begins with ``test``. Blocks nest. What took a value when it was built keeps it: the middleware of an
    application, for instance, reads its settings when the application starts.

    Args:
        values: Settings by name; they need not exist.

    Raises:
        TypeError: A name is not in upper case, or what is decorated can only run in parts (a generator, such
            as a fixture that yields); use the block inside of it.
    """

    def __init__(self, **values: object) -> None:
        self._values = values
        self._open: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        block = settings.overridden(**self._values)
        block.__enter__()
        self._open.append(block)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.pop().__exit__(exc_type, exc, traceback)

    def __call__(self, test: C, /) -> C:
        """Decorate a test or a class of tests."""
        if isinstance(test, type):
            self._decorate_class(test)
            return test
        if not inspect.isfunction(test) or inspect.isgeneratorfunction(test) or inspect.isasyncgenfunction(test):
            raise TypeError(
                f"override_settings cannot decorate {test!r}; it decorates functions, coroutine functions and "
                "classes of tests. Use it as a block inside anything else"
            )
        return cast("C", self._decorate(test))

    def _decorate(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with settings.overridden(**self._values):
                    return await function(*args, **kwargs)

            return run_async

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with settings.overridden(**self._values):
                return function(*args, **kwargs)

        return run

    def _decorate_class(self, cls: type) -> None:
        for name in dir(cls):
            member = inspect.getattr_static(cls, name)
            if not name.startswith("test"):
                continue
            if isinstance(member, staticmethod | classmethod):
                setattr(cls, name, type(member)(self._decorate(member.__func__)))
            elif inspect.isfunction(member):
                setattr(cls, name, self._decorate(member))
