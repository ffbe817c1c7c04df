"""Which objects are hooks, and how one is limited and measured."""

import asyncio
import functools
import logging
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType

import pytest

from openviper.apps.exceptions import AppLifecycleConfigError
from openviper.apps.hooks import SLOW_HOOK_SECONDS, HookTimer, find_async_hook, find_sync_hook, timeout_problems


def _plain() -> None:
    """A plain function."""


async def _coroutine() -> None:
    """A coroutine function."""


def _generator() -> Iterator[None]:
    yield


async def _async_generator() -> AsyncIterator[None]:
    yield


def _decorated(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


class _Hooks:
    def method(self) -> None:
        """A bound method once it is read from an instance."""

    @classmethod
    def of_class(cls) -> None:
        """A bound method of the class."""

    async def coroutine(self) -> None:
        """A bound coroutine method."""

    def __call__(self) -> None:
        """An object that is callable."""


def _module(**attributes: object) -> ModuleType:
    module = ModuleType("shop.lifecycle")
    for name, value in attributes.items():
        setattr(module, name, value)
    return module


@pytest.mark.parametrize("hook", [_plain, lambda: None, _decorated(_plain)], ids=["function", "lambda", "decorated"])
def test_plain_functions_are_sync_hooks(hook: object) -> None:
    """A function, a lambda and a decorated function serve as ready() (C-405, A-08)."""
    assert find_sync_hook(_module(ready=hook), "ready", app_name="shop") is hook


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        (_coroutine, "a coroutine function"),
        (_async_generator, "a generator function"),
        (_generator, "a generator function"),
        (functools.partial(_plain), "of type partial"),
        (_Hooks.of_class, "of type method"),
        (_Hooks().method, "of type method"),
        (_Hooks(), "of type _Hooks"),
        (_Hooks, "the class _Hooks"),
        ("ready", "of type str"),
    ],
)
def test_anything_else_is_no_sync_hook(hook: object, kind: str) -> None:
    """Every other object under the name of ready() is refused, with app, hook and kind named (C-405, C-414, A-08)."""
    with pytest.raises(
        AppLifecycleConfigError, match=r"'ready' of installed app 'shop' \(in shop\.lifecycle\)"
    ) as caught:
        find_sync_hook(_module(ready=hook), "ready", app_name="shop")

    assert kind in str(caught.value)


@pytest.mark.parametrize(
    "hook",
    [_coroutine, functools.partial(_coroutine), functools.partial(functools.partial(_coroutine)), _Hooks().coroutine],
    ids=["function", "partial", "partial of partial", "method"],
)
def test_coroutine_functions_are_async_hooks(hook: object) -> None:
    """A coroutine function and a partial of one serve as startup() and shutdown() (C-405, A-08)."""
    assert find_async_hook(_module(startup=hook), "startup", app_name="shop") is hook


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        (_plain, "a plain function"),
        (_async_generator, "a generator function"),
        (functools.partial(_plain), "of type partial"),
        (_Hooks(), "of type _Hooks"),
        (_Hooks, "the class _Hooks"),
        (7, "of type int"),
    ],
)
def test_anything_else_is_no_async_hook(hook: object, kind: str) -> None:
    """A sync startup() or shutdown() is refused, and so is all else (C-405, C-410, A-08, W-29)."""
    with pytest.raises(AppLifecycleConfigError, match="'shutdown' of installed app 'shop'") as caught:
        find_async_hook(_module(shutdown=hook), "shutdown", app_name="shop")

    assert kind in str(caught.value)


def test_absent_hook_and_none_are_the_same() -> None:
    """A hook that is missing, or None, is absent (A-08)."""
    module = _module(ready=None, startup=None)

    assert find_sync_hook(module, "ready", app_name="shop") is None
    assert find_async_hook(module, "startup", app_name="shop") is None
    assert find_async_hook(module, "shutdown", app_name="shop") is None


def test_hook_with_a_required_argument_is_refused() -> None:
    """A hook that cannot be called without arguments is found out at discovery (C-405)."""

    def ready(app: object) -> None:
        """Take what nobody gives."""

    async def startup(app: object) -> None:
        """Take what nobody gives."""

    with pytest.raises(AppLifecycleConfigError, match=r"'ready' of installed app 'shop'.*without arguments.*'app'"):
        find_sync_hook(_module(ready=ready), "ready", app_name="shop")
    with pytest.raises(AppLifecycleConfigError, match=r"'startup' of installed app 'shop'.*without arguments.*'app'"):
        find_async_hook(_module(startup=startup), "startup", app_name="shop")


@pytest.mark.parametrize("seconds", [0, -1.5])
def test_limit_must_be_positive(seconds: float) -> None:
    """A limit of no time at all would end every hook at its first await."""
    with pytest.raises(ValueError, match="must be positive"):
        HookTimer(seconds)


@pytest.mark.parametrize("timeout", ["30", True, 0, -1, math.inf, math.nan, (30,)])
def test_limit_that_is_no_number_of_seconds_is_a_problem(timeout: object) -> None:
    """apps.E005: the setting holds a finite number above 0, or None."""
    (problem,) = timeout_problems(timeout)

    assert problem.id == "apps.E005"
    assert problem.message == f"LIFECYCLE_HOOK_TIMEOUT is {timeout!r}"


@pytest.mark.parametrize("timeout", [None, 1, 0.5])
def test_limit_in_seconds_and_no_limit_are_no_problem(timeout: float | None) -> None:
    """Whole seconds, parts of one, and None can all be used."""
    assert timeout_problems(timeout) == []


async def test_own_time_out_of_a_hook_stays_as_it_is() -> None:
    """A TimeoutError that the hook raises itself is not mistaken for the limit (C-414)."""

    async def hook() -> None:
        raise TimeoutError("the broker did not answer")

    with pytest.raises(TimeoutError, match="the broker did not answer"):
        await HookTimer(5).wait(hook(), "startup", app_name="shop")


async def test_hook_that_ignores_its_limit_has_not_finished(never: asyncio.Event) -> None:
    """A hook that swallows its cancellation is over its limit all the same (C-414)."""

    async def hook() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            return

    with pytest.raises(TimeoutError, match=r"startup\(\) of installed app 'shop' did not finish within 0\.01 seconds"):
        await HookTimer(0.01).wait(hook(), "startup", app_name="shop")


def test_slow_hook_is_logged_as_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Above the threshold the duration is a warning, which names app, hook and seconds."""
    ticks = iter([100.0, 100.0 + SLOW_HOOK_SECONDS + 1])
    timer = HookTimer(clock=lambda: next(ticks))

    with timer.measure("ready", app_name="shop"):
        pass

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages == ["ready() of installed app 'shop' took 6.000 seconds"]


def test_limit_shorter_than_the_threshold_is_the_threshold(caplog: pytest.LogCaptureFixture) -> None:
    """A sync hook cannot be ended by its limit, so going beyond it is at least a warning."""
    ticks = iter([0.0, 1.5])
    timer = HookTimer(1, clock=lambda: next(ticks))

    with timer.measure("ready", app_name="shop"):
        pass

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_hook_that_hangs_is_reported_while_it_runs() -> None:
    """A hook that never awaits holds everything up; the warning does not wait for its end."""
    reported = threading.Event()
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())
            reported.set()

    listener = Listener(logging.WARNING)
    logger = logging.getLogger("openviper.apps")
    logger.addHandler(listener)
    try:
        with HookTimer(0.01).measure("ready", app_name="shop"):
            assert reported.wait(10)
    finally:
        logger.removeHandler(listener)

    assert messages[0] == "ready() of installed app 'shop' is still running after 0.01 seconds"
