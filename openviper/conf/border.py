"""Running code of the project so that whatever it raises becomes an error with a name and a place."""

import contextlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from openviper.conf.masking import mask_text
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

__all__ = ["locate_error", "named_failure"]

_FRAMEWORK: Final = f"{Path(__file__).parents[1]}{os.sep}"
_PYTHON: Final = f"{Path(os.__file__).parent}{os.sep}"
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


@contextlib.contextmanager
def named_failure(subject: str) -> Iterator[None]:
    """Turn any exception of the project's code into one that says what failed, why and where.

    Args:
        subject: What is being done, as the beginning of a sentence: ``settings module 'shop.settings'``.

    Raises:
        ImproperlyConfigured: The code in the block failed; the cause is chained.
        SettingsValidationError: The code raised it itself; it is passed on, since it names every problem.
    """
    try:
        yield
    except SettingsValidationError:
        raise
    # The project's code may raise anything. Nothing is swallowed: the error goes on with the cause chained to it. Code
    # that calls sys.exit() would otherwise end a server or a command, even as a success, without a word about itself.
    except (Exception, SystemExit) as error:
        raise ImproperlyConfigured(f"{subject} cannot be loaded: {locate_error(error)}") from error


def locate_error(error: BaseException) -> str:
    """Write an exception as its type, its text without secrets, and the last line of the project that led to it."""
    described = f"{type(error).__name__}: {mask_text(str(error))}"
    if isinstance(error, SyntaxError):
        return described  # its text holds the place
    theirs = [it for it in traceback.extract_tb(error.__traceback__) if _is_theirs(it.filename)]
    return f"{described} ({theirs[-1].filename}, line {theirs[-1].lineno})" if theirs else described


def _is_theirs(filename: str) -> bool:
    """Tell whether code is neither the framework's nor Python's own; what was installed beside it counts as theirs."""
    if filename.startswith(("<frozen", _FRAMEWORK)):
        return False
    return not filename.startswith(_PYTHON) or bool(_INSTALLED.intersection(Path(filename).parts))
