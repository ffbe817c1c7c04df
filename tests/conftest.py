"""What holds for every test: a clean environment, logging as it was, and how hard property tests try."""

import logging
import os
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from hypothesis import settings as hypothesis_settings

from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings

# Quick by default; `make slow` runs the full profile. Neither has a deadline: a loaded machine is no fault.
hypothesis_settings.register_profile("quick", max_examples=50, deadline=None)
hypothesis_settings.register_profile("full", max_examples=2000, deadline=None)
hypothesis_settings.load_profile("quick")

PREFIX = "OPENVIPER_"

# What a developer's shell says about a project of theirs must not reach the tests.
for name in [name for name in os.environ if name.startswith(PREFIX) or name in {"FORCE_COLOR", "NO_COLOR"}]:
    del os.environ[name]

# The loggers that the framework and its servers configure.
CONFIGURED = frozenset(("openviper", "uvicorn", "_granian"))
# What logging lets a filter be has no public name.
LoggerState: TypeAlias = tuple[int, bool, bool, list[logging.Handler], list[Any]]


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """Undo what code under test does to the whole process: settings, apps, variables and loggers.

    Commands set variables for good, since their process ends with them; here it goes on with other tests.
    """
    loggers = {logger.name: logger_state(logger) for logger in framework_loggers()}
    level = logging.root.level
    yield
    # Settings load by themselves when something reads them, so every test begins without.
    settings.reset()
    reset_setup()
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    for logger in framework_loggers():
        known = loggers.get(logger.name, (logging.NOTSET, True, False, [], []))
        logger.level, logger.propagate, logger.disabled, logger.handlers, logger.filters = known
    # Levels are cached by each logger; setting one through the method empties the caches of all.
    logging.root.setLevel(level)


def framework_loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.items())
    return [it for name, it in known if isinstance(it, logging.Logger) and name.partition(".")[0] in CONFIGURED]


def logger_state(logger: logging.Logger) -> LoggerState:
    return logger.level, logger.propagate, logger.disabled, list(logger.handlers), list(logger.filters)
