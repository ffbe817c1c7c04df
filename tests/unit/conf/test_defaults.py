"""The framework's settings: complete, typed, in order."""

import ast
import time
from datetime import timedelta
from pathlib import Path

import pytest

import openviper.conf.defaults
from openviper._version import __version__
from openviper.conf import Settings
from openviper.conf.annotations import matches
from openviper.conf.base import BaseSettings, class_default
from openviper.conf.checks import settings_problems

FOLDER = Path(openviper.conf.defaults.__file__).parent


@pytest.mark.parametrize("name", Settings.__dataclass_fields__)
def test_default_is_of_its_type(name: str) -> None:
    """Every default is a value of the type it is annotated with."""
    assert matches(class_default(Settings, name), Settings().field_types()[name])


def test_defaults_pass_the_checks() -> None:
    """Nothing is wrong with the defaults; that no key is set is said."""
    assert [problem.id for problem in settings_problems(Settings(), "development")] == ["settings.W006"]


def test_defaults_that_matter() -> None:
    """Limits, places and doors are as promised (C-315, A-68, W-30, W-45)."""
    settings = Settings()
    assert __version__ == settings.VERSION
    assert settings.MAX_BODY_SIZE == settings.MAX_FILE_SIZE == 10 * 1024 * 1024
    assert (settings.MEDIA_ROOT, settings.MEDIA_URL) == ("media", "/media/")
    assert settings.DEFAULT_FILE_STORAGE == "openviper.storage.FileSystemStorage"
    assert settings.STATIC_ROOT not in settings.STATICFILES_DIRS
    assert settings.CORS_ALLOWED_ORIGINS == ()
    assert settings.TRUSTED_PROXIES == ()
    assert settings.TASKS == {"broker": "database"}
    assert settings.CACHES == settings.DATABASES == {}
    assert timedelta(hours=1) == settings.SESSION_TIMEOUT
    assert settings.LIFECYCLE_HOOK_TIMEOUT == 30.0
    assert settings.MAX_QUERY_ROWS is None


def test_every_setting_says_what_it_does() -> None:
    """Below every setting stands its docstring."""
    silent: list[str] = []
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for field, below in zip(node.body, [*node.body[1:], None], strict=True):
                    is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
                    if isinstance(field, ast.AnnAssign) and not is_text:
                        silent.append(ast.unparse(field.target))
    assert silent == []


def test_areas_do_not_overlap() -> None:
    """A setting is declared in one area."""
    areas = [area for area in Settings.__mro__[1:] if issubclass(area, BaseSettings) and area is not BaseSettings]
    names = [name for area in areas for name in area.__annotations__]
    assert len(areas) == 8
    assert sorted(names) == sorted(set(names)) == sorted(Settings.__dataclass_fields__)


def test_making_a_settings_class_is_quick() -> None:
    """A class with every setting is made in well under 10 ms of CPU, so that a start does not feel it."""
    fastest = min(_cpu_time_of_a_class() for _ in range(5))
    assert fastest < 0.01


def _cpu_time_of_a_class() -> float:
    start = time.process_time()
    type("Shop", (Settings,), {"DEBUG": False})()
    return time.process_time() - start
