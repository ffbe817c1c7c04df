"""Running code of the project so that whatever it raises becomes an error with a name and a place."""

import contextlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

from openviper.conf.masking import mask_text
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

__all__ = ["describe_failure", "named_failure"]


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
    # The project's code may raise anything. Nothing is swallowed: the error goes on with the cause chained to it.
    except Exception as error:
        raise ImproperlyConfigured(f"{subject} cannot be loaded: {describe_failure(error)}") from error


def describe_failure(error: BaseException) -> str:
    """Write an exception as its type, its text without secrets, and the line that raised it."""
    described = f"{type(error).__name__}: {mask_text(str(error))}"
    if isinstance(error, SyntaxError):
        return described  # its text holds the place
    ours = (f"{Path(__file__).parent}{os.sep}", "<frozen")
    theirs = [it for it in traceback.extract_tb(error.__traceback__) if not it.filename.startswith(ours)]
    return f"{described} ({theirs[-1].filename}, line {theirs[-1].lineno})" if theirs else described
