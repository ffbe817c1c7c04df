"""Every check, triggered; and settings that pass them all."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import openviper.conf
from openviper.conf import Settings, validate_settings
from openviper.conf.checks import settings_problems
from openviper.conf.lazy import LazySettings
from openviper.exceptions import SettingsValidationError
from openviper.primitives.problems import Severity

Load = Callable[[str], LazySettings]
Write = Callable[[str, str], Path]

# Apps bring names of their own, which type checkers cannot know.
OPEN: Any = Settings
KEY = "h4Tq9Zk1_vB7nM2xC5sD8fG0jL3pW6eR-yU1iO4aQ7zX2cV5bN8"
PRODUCTION: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": ("shop.example",),
    "SECURE_COOKIES": True,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "OPENAPI_ENABLED": False,
    "CORS_ALLOWED_HEADERS": ("content-type",),
}


def ids(**values: Any) -> list[str]:
    """Give the ids of what development finds in settings that are else in order."""
    return [problem.id for problem in settings_problems(OPEN(**{"SECRET_KEY": KEY, **values}), "development")]


class Client:
    """A value whose text gives its secret away."""

    def __repr__(self) -> str:
        return "Client(url='redis://:hush@host', password='hush')"


def test_wrong_value_is_shown_without_its_secrets() -> None:
    """What an object says of itself is masked as any other text is."""
    (problem,) = settings_problems(OPEN(SECRET_KEY=KEY, MEDIA_URL=Client()), "development")

    assert "Client(" in problem.message
    assert "hush" not in problem.message


def test_relative_folders_start_at_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two paths are the same folder if they are so in the project, wherever the process was started (W-25)."""
    monkeypatch.setenv("OPENVIPER_PROJECT_DIR", str(tmp_path / "shop"))
    monkeypatch.chdir(tmp_path)

    assert ids(STATIC_ROOT=str(tmp_path / "shop" / "static")) == ["settings.E004"]
    assert ids(STATIC_ROOT=str(tmp_path / "static")) == []


def test_settings_without_a_problem() -> None:
    """Defaults with a key are in order in development, and production's own in production."""
    assert ids() == []
    assert settings_problems(OPEN(**PRODUCTION), "production") == []


@pytest.mark.parametrize(
    ("id_", "values"),
    [
        ("settings.E001", {"DEBUG": "yes"}),
        ("settings.E001", {"MAX_BODY_SIZE": True}),
        ("settings.E001", {"INSTALLED_APPS": "shop"}),
        ("settings.E001", {"SESSION_TIMEOUT": 3600}),
        ("settings.E001", {"SESSION_COOKIE_SAMESITE": "lax"}),
        ("settings.E001", {"CACHES": []}),
        ("settings.E002", {"JWT_ALGORITHM": "None"}),
        ("settings.E003", {"SESSION_COOKIE_SAMESITE": "None"}),
        ("settings.E003", {"CSRF_COOKIE_SAMESITE": "None"}),
        ("settings.E004", {"STATIC_ROOT": "./static"}),
        ("settings.E007", {"THREAD_POOL_SIZE": 0}),
        ("settings.E004", {"STATICFILES_DIRS": ("assets", "staticfiles/")}),
        ("settings.E005", {"AUTH_BACKENDS": ("nowhere.Backend",)}),
        ("settings.E005", {"DEFAULT_FILE_STORAGE": "openviper.conf.Nowhere"}),
        ("settings.E005", {"CACHES": {"default": {"BACKEND": "nowhere.Cache"}}}),
        ("settings.E005", {"EMAIL": {"backend": "nowhere.Mail", "host": "mail.example.com"}}),
        ("settings.E005", {"SESSION_STORE": "nowhere.Store"}),
        ("settings.E005", {"OAUTH2_EVENTS": {"on_success": "nowhere.handle"}}),
        ("settings.E005", {"MODEL_EVENTS": {"shop.Item": {"after_insert": ["nowhere.handle"]}}}),
        ("settings.E006", {"TIME_ZONE": "Europe/Atlantis"}),
        ("settings.E006", {"TIME_ZONE": "../etc"}),
        ("settings.E008", {"MAX_FORM_FILES": -1}),
        ("settings.E009", {"UPLOAD_TEMP_DIR": "nowhere/at/all"}),
        ("settings.W008", {"MAX_FILE_SIZE": 200 * 1024 * 1024}),
        ("settings.W001", {"INSTALED_APPS": ("shop",)}),
        ("settings.W005", {"DATABASE_URL": "sqlite:///a", "DATABASES": {"default": {"URL": "sqlite:///b"}}}),
        ("settings.W005", {"DATABASE_URL": "sqlite:///a", "DATABASES": {"default": {"OPTIONS": {"URL": "x"}}}}),
        ("settings.W006", {"SECRET_KEY": ""}),
    ],
)
def test_problem_is_found(id_: str, values: dict[str, Any]) -> None:
    """Each rule that always holds finds what breaks it, and nothing else is found (A-27, A-61, W-45)."""
    assert ids(**values) == [id_]


@pytest.mark.parametrize(
    "values",
    [
        {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
        {"CSRF_COOKIE_SAMESITE": "None", "SECURE_COOKIES": True},
        {"STATIC_ROOT": ""},
        {"MAX_FORM_FILES": 0, "UPLOAD_TEMP_DIR": "."},
        {"STATIC_ROOT": "static/collected"},
        {"AUTH_BACKENDS": ("openviper.conf.Settings",)},
        {"CACHES": {"default": {"BACKEND": "openviper.conf.Settings", "OPTIONS": {"url": "redis://cache.local"}}}},
        {"SESSION_STORE": "cache"},
        {"CACHES": {"default": {"OPTIONS": {"url": "redis://cache.local"}}}},
        {"EMAIL": {"backend": "ConsoleBackend", "host": "mail.example.com"}},
        {"EMAIL": {"host": "mail.example.com"}},
        {"OPENAPI_EXCLUDE": ("admin",)},
        {"TIME_ZONE": "Europe/Vienna"},
        {"SHOP_URL": "/shop", "BASE_DIR": Path()},
        {"DATABASE_URL": "sqlite:///a", "DATABASES": {"default": {"OPTIONS": {"URL": "sqlite:///a"}}}},
        {"DATABASE_URL": "sqlite:///a"},
        {"DATABASES": {"default": {"URL": "sqlite:///b"}, "ROUTERS": []}},
        {"SESSION_TIMEOUT": timedelta(minutes=5), "SECURE_CONTENT_SECURITY_POLICY": {"default-src": ["'self'"]}},
    ],
)
def test_what_is_in_order_is_not_reported(values: dict[str, Any]) -> None:
    """Values beside the mistakes above are fine; each spelling of the database alone is enough (A-61)."""
    assert ids(**values) == []


@pytest.mark.parametrize(
    ("id_", "values"),
    [
        ("settings.E101", {"DEBUG": True}),
        ("settings.E102", {"SECRET_KEY": ""}),
        ("settings.E103", {"SECRET_KEY": KEY[:49]}),
        ("settings.E104", {"SECRET_KEY": "abc" * 20}),
        ("settings.E104", {"SECRET_KEY": f"django-insecure-{KEY}"}),
        ("settings.E105", {"ALLOWED_HOSTS": ()}),
        ("settings.E106", {"SECURE_COOKIES": False}),
        ("settings.E107", {"SECURE_SSL_REDIRECT": False}),
        ("settings.E108", {"SESSION_COOKIE_SECURE": False}),
        ("settings.E109", {"CSRF_COOKIE_SECURE": False}),
        ("settings.E110", {"SECURE_HSTS_SECONDS": 31_535_999}),
        ("settings.E111", {"OPENAPI_ENABLED": None}),
        ("settings.E111", {"OPENAPI_ENABLED": True, "OPENAPI": {"enabled": False}}),
        ("settings.E111", {"OPENAPI_ENABLED": None, "OPENAPI": {}}),
        ("settings.E112", {"CORS_ALLOWED_HEADERS": ("*",)}),
    ],
)
def test_rule_of_production(id_: str, values: dict[str, Any]) -> None:
    """Each rule for production finds what breaks it, in production and when asked for a deployment."""
    settings = OPEN(**{**PRODUCTION, **values})
    assert [problem.id for problem in settings_problems(settings, "production")] == [id_]
    assert [problem.id for problem in settings_problems(settings, "development", deploy=True)] == [id_]
    assert id_ not in {problem.id for problem in settings_problems(settings, "development")}


@pytest.mark.parametrize(
    "values",
    [
        {"OPENAPI_ENABLED": None, "OPENAPI": {"enabled": False}},
        {"OPENAPI_ENABLED": None, "OPENAPI": {"exclude": "__ALL__"}},
        {"OPENAPI_ENABLED": True, "OPENAPI_EXCLUDE": "__ALL__"},
        {"CORS_ALLOWED_HEADERS": ()},
    ],
)
def test_other_ways_to_pass_in_production(values: dict[str, Any]) -> None:
    """The API description can be switched off in several ways."""
    assert settings_problems(OPEN(**{**PRODUCTION, **values}), "production") == []


def test_all_problems_of_production_at_once() -> None:
    """validate_settings reports every broken rule together, each with its mend and its id."""
    with pytest.raises(SettingsValidationError) as caught:
        validate_settings(Settings(), "production")
    found = re.findall(r"\[(settings\.E\d+)\]", str(caught.value))
    assert found == [f"settings.E{number}" for number in (101, 102, 106, 107, 108, 109, 110, 111, 112)]
    assert len(caught.value.errors) == len(found)


def test_development_is_not_held_to_production() -> None:
    """Defaults are good enough to develop with; what must always hold still fails."""
    validate_settings(Settings(), "development")
    validate_settings(Settings(), "testing")
    with pytest.raises(SettingsValidationError, match="JWT_ALGORITHM"):
        validate_settings(Settings(JWT_ALGORITHM="none"), "development")


def test_random_key_of_the_process_is_no_key(settings: LazySettings) -> None:
    """A key that the process has made for itself does not satisfy a deployment."""
    assert settings.SECRET_KEY
    assert "settings.E102" in {problem.id for problem in settings_problems(settings, "development", deploy=True)}


def test_misspelt_setting_of_a_module(load: Load) -> None:
    """A name close to a known one is reported with it; one that stands annotated beside that one is the project's."""
    settings = load(
        """
        from openviper.conf import Settings

        INSTALED_APPS = ["shop"]

        class ShopSettings(Settings):
            SECRET_KEYS: tuple[str, ...] = ()
            SECRET_KEY: str = ''
            MIDLEWARE = ()
        """
    )
    found = {problem.id: problem for problem in settings_problems(settings, "development")}
    problems = [problem for problem in settings_problems(settings, "development") if problem.id == "settings.W001"]
    assert sorted(problem.message for problem in problems) == [
        "there is no setting INSTALED_APPS",
        "there is no setting MIDLEWARE",
    ]
    assert "Did you mean " in found["settings.W001"].hint


def test_misspelt_annotated_setting(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """An annotated name is taken for a slip when it is very close to a setting that nothing else states."""
    monkeypatch.setenv("OPENVIPER_TIME_ZONE", "Europe/Vienna")
    settings = load(
        """
        import dataclasses
        from openviper.conf import Settings

        class BaseShop(Settings):
            MEDIA_URL: str = "/media/"

        @dataclasses.dataclass(frozen=True)
        class ShopSettings(BaseShop):
            ALOWED_HOSTS: tuple[str, ...] = ("shop.example",)
            MIDLEWARE: tuple[str, ...] = ()
            DEBG: bool = False
            MEDIA_URLS: tuple[str, ...] = ()
            TIME_ZONES: tuple[str, ...] = ()
            SHOP_URL: str = "/shop"
            BLOG_URL: str = "/blog"
        """
    )
    found = [it for it in settings_problems(settings, "development") if it.id == "settings.W001"]
    assert [(problem.message, problem.hint) for problem in found] == [
        (
            f"there is no setting {name}",
            f"Did you mean {meant}? If it is your own, state {meant} beside it.",
        )
        for name, meant in [("ALOWED_HOSTS", "ALLOWED_HOSTS"), ("MIDLEWARE", "MIDDLEWARE"), ("DEBG", "DEBUG")]
    ]


def test_misspelt_variable_of_a_misspelt_setting(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a variable may have meant is looked for among the framework's names first."""
    monkeypatch.setenv("OPENVIPER_ALOWD_HOSTS", "shop.example")
    monkeypatch.setenv("OPENVIPER_SHOP_TITEL", "Shop")
    settings = load(
        """
        from openviper.conf import Settings

        class ShopSettings(Settings):
            ALOWED_HOSTS: tuple[str, ...] = ()
            SHOP_TITLE: str = ""
        """
    )
    found = [it.hint for it in settings_problems(settings, "development") if it.id == "settings.W002"]
    assert found == ["Did you mean OPENVIPER_ALLOWED_HOSTS?", "Did you mean OPENVIPER_SHOP_TITLE?"]


def test_unknown_variable(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with the prefix that belongs to nothing is reported, with the closest name if there is one."""
    monkeypatch.setenv("OPENVIPER_DEBGU", "no")
    monkeypatch.setenv("OPENVIPER_XYZZY", "hush")
    monkeypatch.setenv("OPENVIPER_ENV", "development")
    monkeypatch.setenv("OPENVIPER_MEDIA_URL", "/m/")
    found = [it for it in settings_problems(settings, "development") if it.id == "settings.W002"]
    assert [problem.message for problem in found] == [
        "the variable OPENVIPER_DEBGU belongs to no setting",
        "the variable OPENVIPER_XYZZY belongs to no setting",
    ]
    assert found[0].hint == "Did you mean OPENVIPER_DEBUG?"
    assert "hush" not in str(found)


def test_problems_of_loading_are_among_them(load: Load, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loader found odd is reported by the checks too."""
    monkeypatch.setenv("DATABASE_URL", "sqlite:///x")
    twice = "from openviper.conf import Settings\nDEBUG = True\nclass Shop(Settings):\n    DEBUG = False\n"
    assert {"settings.W003", "settings.W007"} <= {it.id for it in settings_problems(load(twice), "development")}
    write("other_settings.py", twice)
    imported = load("from other_settings import Shop\n")
    assert "settings.W004" in {it.id for it in settings_problems(imported, "development")}


def test_dotted_path_whose_module_fails(write: Write) -> None:
    """An error inside what a setting names is a finding with cause and place, not a crash of the check."""
    write("shop_auth.py", "1 / 0\n")
    (problem,) = settings_problems(OPEN(SECRET_KEY=KEY, AUTH_BACKENDS=("shop_auth.Backend",)), "development")
    assert problem.id == "settings.E005"
    assert "'shop_auth.Backend' in AUTH_BACKENDS cannot be loaded: ZeroDivisionError" in problem.message
    assert "shop_auth.py, line 1" in problem.message


def test_message_shows_no_secret_and_ends() -> None:
    """A value of the wrong type is shown masked and shortened."""
    (secret,) = settings_problems(OPEN(SECRET_KEY=["hush"] * 9), "development")
    assert "hush" not in secret.message
    (long,) = settings_problems(OPEN(SECRET_KEY=KEY, INSTALLED_APPS="shop" * 99), "development")
    assert len(long.message) < 150
    assert long.hint == "Give it a value of type tuple[str, ...]."


def test_overridden_values_are_checked(settings: LazySettings) -> None:
    """The checks see what is in force, not what was loaded."""
    with settings.overridden(SECRET_KEY=KEY, JWT_ALGORITHM="none"):
        assert [problem.id for problem in settings_problems(settings, "development")] == ["settings.E002"]


def test_every_check_is_documented_and_triggered() -> None:
    """The reference explains every id that the package can report, and a test above triggers each of this room."""
    room = Path(openviper.conf.__file__).parent
    in_package, in_code = find_ids(room.parent), find_ids(room)
    in_reference = re.findall(r"^\| `(settings\.[EW]\d{3})` \| (\w+)", REFERENCE.read_text(), re.MULTILINE)
    assert sorted(in_package) == sorted(id_ for id_, _ in in_reference)
    assert all(severity == (Severity.ERROR if "E" in id_[9:] else Severity.WARNING) for id_, severity in in_reference)
    in_tests = set(re.findall(r"settings\.[EW]\d{3}", Path(__file__).read_text()))
    assert in_code <= in_tests


def find_ids(folder: Path) -> set[str]:
    found = (re.findall(r"settings\.[EW]\d{3}", path.read_text(encoding="utf-8")) for path in folder.rglob("*.py"))
    return {id_ for ids in found for id_ in ids}


REFERENCE = Path(openviper.conf.__file__).parents[2] / "docs" / "reference" / "settings.md"
