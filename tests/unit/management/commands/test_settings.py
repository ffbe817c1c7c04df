"""The settings command."""

import io
import json
from typing import TYPE_CHECKING

import pytest

from openviper.conf import Settings
from openviper.management import call_command

if TYPE_CHECKING:
    from tests.unit.management.conftest import Site

SETTINGS = """
from openviper.conf import BaseSettings

class ShopSettings(BaseSettings):
    PROJECT_NAME: str = "Shop"
    SHOP_LIMITS: dict[str, int] = {"basket": 50}
    SHOP_API_KEY: str = "hush-hush"
"""
ENV = "SECRET_KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\nOPENVIPER_CORS_MAX_AGE=5\n"
HEAD = """\
Settings module: settings
Environment:     development
File .env:       {root}/.env

"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shop(site: "Site") -> "Site":
    site.write({"settings.py": SETTINGS, ".env": ENV})
    return site


def test_changed_settings_are_a_table(shop: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """``--changed`` shows what differs from the defaults: source, type and value, secrets hidden."""
    monkeypatch.setenv("OPENVIPER_DEBUG", "no")

    done = shop.run("settings", "--changed", "--fail-level", "warning")

    assert (done.code, done.err) == (0, "")
    assert done.out == HEAD.format(root=shop.root) + (
        "NAME          SOURCE  TYPE            VALUE\n"
        "PROJECT_NAME  file    str             'Shop'\n"
        "DEBUG         env     bool            False\n"
        "SECRET_KEY    dotenv  str             ***\n"
        "CORS_MAX_AGE  dotenv  int             5\n"
        "SHOP_LIMITS   file    dict[str, int]  {'basket': 50}\n"
        "SHOP_API_KEY  file    str             ***\n"
        "\n"
        "No problems found.\n"
    )


def test_every_setting_is_listed(shop: "Site") -> None:
    """Without words all settings are there, those of the framework and the project's own, each with its source."""
    listing = json.loads(shop.run("settings", "--json").out)

    lines = {line["name"]: line for line in listing["settings"]}
    assert lines.keys() == {*Settings.__dataclass_fields__, "SHOP_LIMITS", "SHOP_API_KEY"}
    assert lines["X_FRAME_OPTIONS"] == {
        "name": "X_FRAME_OPTIONS",
        "value": "DENY",
        "type": "str",
        "source": "default",
        "known": True,
    }
    assert lines["SHOP_API_KEY"]["value"] == "***"
    assert not lines["SHOP_API_KEY"]["known"]
    assert (listing["module"], listing["environment"]) == ("settings", "development")
    assert listing["env_file"] == str(shop.root / ".env")
    assert listing["problems"] == []


def test_names_and_patterns_select(shop: "Site") -> None:
    """Words choose settings by name or pattern; one that several choose is shown once."""
    done = shop.run("settings", "cors_max*", "DEBUG", "CORS_MAX_AGE")

    names = [line.split()[0] for line in done.out.splitlines()[5:7]]
    assert names == ["DEBUG", "CORS_MAX_AGE"]
    assert done.out.splitlines()[7] == ""


def test_unknown_name_suggests_the_closest(shop: "Site") -> None:
    """A word that fits nothing is one message with the closest name, exit code 1."""
    done = shop.run("settings", "debgu")

    assert (done.code, done.out) == (1, "")
    assert "there is no setting 'debgu' (did you mean 'DEBUG'?)" in done.err


@pytest.mark.parametrize(
    ("settings", "problem", "code"),
    [
        ("MIDDLEWAER = ()", "settings.W001", 0),
        ("DEBUG = 'yes'", "settings.E001", 1),
        ("TIME_ZONE = 'Mars/Base'", "settings.E006", 1),
    ],
)
def test_problems_are_reported_and_decide_the_exit_code(site: "Site", settings: str, problem: str, code: int) -> None:
    """Unknown names and wrong values stand below the table; errors make the exit code 1."""
    site.write({"settings.py": f"SECRET_KEY = 'k' * 64\n{settings}\n"})

    done = site.run("settings")

    assert done.code == code
    assert f" {problem} " in done.out
    assert done.out.splitlines()[-1].startswith("Found 1 ")
    if problem == "settings.W001":
        assert "Did you mean MIDDLEWARE?" in done.out
        assert site.run("settings", "--fail-level", "warning").code == 1


def test_rules_of_production_count_in_production(shop: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment is production its rules are part of the report."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")

    done = shop.run("settings", "DEBUG")

    assert done.code == 1
    assert "Environment:     production\n" in done.out
    assert "SECURE_SSL_REDIRECT" in done.out


@pytest.mark.parametrize(
    ("settings", "environ", "reason"),
    [
        ("import nowhere_to_be_found\n", {}, "nowhere_to_be_found"),
        ("", {"OPENVIPER_CORS_MAX_AGE": "long"}, "OPENVIPER_CORS_MAX_AGE is 'long'"),
        ("", {"OPENVIPER_ENV": "prod"}, "OPENVIPER_ENV is 'prod'"),
    ],
)
def test_settings_that_cannot_be_loaded_are_reported(
    site: "Site", monkeypatch: pytest.MonkeyPatch, settings: str, environ: dict[str, str], reason: str
) -> None:
    """A module, variable or environment that is broken is a problem in the report, exit code 1 (C-035)."""
    site.write({"settings.py": settings})
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    text, data = site.run("settings", "DEBUG"), site.run("settings", "--json")

    assert (text.code, text.err, data.code) == (1, "", 1)
    assert text.out.startswith("Settings module: settings\n")
    assert "error settings.E000 " in text.out
    assert reason in text.out
    report = json.loads(data.out)
    assert (report["settings"], [problem["id"] for problem in report["problems"]]) == ([], ["settings.E000"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENVIPER_EMAIL", '{"password": "hush-hush"'),
        ("OPENVIPER_DATABASES", '{"default": "hush-hush"'),
        ("OPENVIPER_SECRET_KEY", "hush-hush"),
        ("OPENVIPER_DATABASE_URL", "postgresql://me:hush-hush@db/shop"),
        ("OPENVIPER_DATABASE_POOL_SIZE", "redis://:hush-hush@db"),
    ],
)
def test_no_report_shows_a_secret(root_layout: "Site", monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Neither a value, nor what is wrong with it, tells a password."""
    monkeypatch.setenv(name, value)

    for words in ([], ["--json"]):
        done = root_layout.run("settings", *words)
        assert "hush" not in done.out + done.err


def test_project_with_defaults_alone(site: "Site") -> None:
    """Where nothing is stated the defaults are the report, and a warning says that no settings were found."""
    done = site.run("settings", "--changed")

    assert done.code == 0
    assert done.err == f"Warning: no settings found in {site.root}; showing the defaults.\n"
    assert done.out.startswith("Settings module: none, the defaults apply\n")
    assert "Every setting has its default.\n" in done.out


def test_terminal_gets_a_drawn_table(shop: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the table is coloured."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "settings")
    monkeypatch.syspath_prepend(shop.root)
    terminal = Terminal()

    call_command("settings", "--changed", stdout=terminal)

    assert "\x1b[36mPROJECT_NAME" in terminal.getvalue()
    assert "hush" not in terminal.getvalue()
