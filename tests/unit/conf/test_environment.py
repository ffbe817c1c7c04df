"""The environment: its name, the .env file, and settings in variables."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.conf.environment import (
    DotenvFile,
    current_environment,
    dotenv_folders,
    ignored_variables,
    project_folder,
    read_overrides,
)
from openviper.conf.sources import SettingsSource
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

Write = Callable[[str, str], Path]

TYPES: dict[str, object] = {
    "DEBUG": bool,
    "DATABASE_URL": str,
    "SECRET_KEY": str,
    "LIMIT": int,
    "VERSION": str,
    "ENV": str,
    "lower": str,
}


@pytest.mark.parametrize("name", ["development", "production", "testing"])
def test_name_of_the_environment(name: str) -> None:
    """OPENVIPER_ENV says what the process is for."""
    assert current_environment({"OPENVIPER_ENV": name}) == name


@pytest.mark.parametrize("environ", [{}, {"OPENVIPER_ENV": ""}])
def test_environment_without_a_name(environ: dict[str, str]) -> None:
    """Nothing said means development."""
    assert current_environment(environ) == "development"


def test_unknown_environment() -> None:
    """A name that is not known is an error, since guessing development would be dangerous."""
    with pytest.raises(ImproperlyConfigured, match=r"'prod'.*did you mean 'production'"):
        current_environment({"OPENVIPER_ENV": "prod"})
    with pytest.raises(ImproperlyConfigured, match=r"must be development, production or testing$"):
        current_environment({"OPENVIPER_ENV": "xyz"})


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("settings", ["shop/settings.py"]),
        ("web.settings.prod", ["shop/web/settings/prod.py", "shop/web/__init__.py"]),
        ("web.config", ["shop/web/config.py"]),
    ],
)
def test_project_lies_where_its_settings_are_imported_from(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, files: list[str]
) -> None:
    """The project's folder is the one that imports of the settings start from; nothing is imported (C-021, W-25)."""
    for file in files:
        write(file, "raise SystemExit\n")
    monkeypatch.syspath_prepend(tmp_path / "shop")

    assert project_folder({"OPENVIPER_SETTINGS_MODULE": module}) == tmp_path / "shop"


def test_named_folder_is_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``OPENVIPER_PROJECT_DIR`` wins over the place of the settings; a relative one starts where the process does."""
    monkeypatch.chdir(tmp_path)
    environ = {"OPENVIPER_SETTINGS_MODULE": "openviper.conf", "OPENVIPER_PROJECT_DIR": "shop"}

    assert project_folder(environ) == tmp_path / "shop"


@pytest.mark.parametrize("module", ["", "no_such_module_anywhere", "sys", "installed.settings"])
def test_working_directory_is_the_project_otherwise(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """Without settings, and with settings that are installed among packages, the project is where we stand."""
    write("lib/site-packages/installed/settings.py", "")
    monkeypatch.syspath_prepend(tmp_path / "lib/site-packages")
    monkeypatch.chdir(tmp_path / "lib")

    assert project_folder({"OPENVIPER_SETTINGS_MODULE": module}) == tmp_path / "lib"


def test_env_file_of_a_named_project_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of whoever's folder we stand in counts only for a project that was not named."""
    monkeypatch.chdir(tmp_path)

    assert dotenv_folders({"OPENVIPER_PROJECT_DIR": "/srv/shop"}) == (Path("/srv/shop"),)
    assert dotenv_folders({"OPENVIPER_SETTINGS_MODULE": "openviper.conf"})[1:] == (tmp_path,)


def test_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the folder that one stands in, the project must be named; a project that was needs none."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(ImproperlyConfigured, match="working directory has been removed"):
        project_folder({})
    with pytest.raises(ImproperlyConfigured, match="working directory has been removed"):
        dotenv_folders({"OPENVIPER_SETTINGS_MODULE": "openviper.conf"})
    assert dotenv_folders({"OPENVIPER_PROJECT_DIR": "/srv/shop"}) == (Path("/srv/shop"),)


def test_dotenv_of_the_first_folder_that_has_one(write: Write, tmp_path: Path) -> None:
    """Folders are looked at in order, each with those above it, and one file is read."""
    write("a/.env", "A=first\n")
    write("b/.env", "A=second\nB=second\n")
    environ: dict[str, str] = {}

    DotenvFile(environ).load(tmp_path / "nowhere", tmp_path / "a/deep", tmp_path / "b")

    assert environ == {"A": "first"}


def test_dotenv_of_a_folder_above(write: Write, tmp_path: Path) -> None:
    """The nearest .env counts, from the folder upwards; a folder of that name is passed over."""
    write(".env", "A=far\n")
    (tmp_path / "shop/api/.env").mkdir(parents=True)
    environ: dict[str, str] = {}
    DotenvFile(environ).load(tmp_path / "shop/api")
    assert environ == {"A": "far"}


def test_dotenv_never_replaces_a_real_variable(write: Write, tmp_path: Path) -> None:
    """What the process was started with stays."""
    write(".env", "A=file\nB='from file'\n# a comment\nEMPTY=\nNAME_ONLY\n")
    environ = {"A": "real"}
    file = DotenvFile(environ)
    file.load(tmp_path)
    assert environ == {"A": "real", "B": "from file", "EMPTY": ""}
    assert file.gave("B")
    assert not file.gave("A")


def test_dotenv_with_what_no_variable_can_hold(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A NUL, which the system refuses, is an error of the file, and none of its variables is set."""
    monkeypatch.delenv("SHOP_A", raising=False)
    write(".env", "SHOP_A=1\nB=a\0b\n")
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read: 'B' or its value holds a NUL"):
        DotenvFile().load(tmp_path)
    assert "SHOP_A" not in os.environ


def test_edited_dotenv_is_read_again(write: Write, tmp_path: Path) -> None:
    """A second load takes back what the first one put, but not what someone has changed since."""
    environ: dict[str, str] = {}
    file = DotenvFile(environ)
    write(".env", "A=1\nB=1\nC=1\n")
    file.load(tmp_path)
    environ["C"] = "changed"
    write(".env", "A=2\nC=2\n")
    file.load(tmp_path)
    assert environ == {"A": "2", "C": "changed"}
    file.clear()
    assert environ == {"C": "changed"}
    assert file.values == {}


def test_folder_without_dotenv(tmp_path: Path) -> None:
    """No file is no error."""
    environ = {"A": "1"}
    DotenvFile(environ).load(tmp_path)
    assert environ == {"A": "1"}


def test_dotenv_that_cannot_be_read(write: Write, tmp_path: Path) -> None:
    """A file that is no text is an error that names it, and changes nothing."""
    write(".env", "A=1\n")
    environ: dict[str, str] = {}
    file = DotenvFile(environ)
    file.load(tmp_path)
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read"):
        file.load(tmp_path)
    assert environ == {"A": "1"}


def test_variable_with_prefix() -> None:
    """OPENVIPER_<NAME> gives a setting, read by its type."""
    found = read_overrides(TYPES, DotenvFile({}), {"OPENVIPER_DEBUG": "off", "OPENVIPER_LIMIT": "5"})
    assert found == {"DEBUG": (False, SettingsSource.ENV), "LIMIT": (5, SettingsSource.ENV)}


def test_bare_variables_of_a_shell_are_not_read() -> None:
    """DEBUG or VERSION of another program does not change a project (W-22)."""
    environ = {"DEBUG": "off", "VERSION": "9", "SECRET_KEY": "theirs", "DATABASE_URL": "theirs"}
    assert read_overrides(TYPES, DotenvFile({}), environ) == {}


def test_bare_names_in_dotenv(write: Write, tmp_path: Path) -> None:
    """DATABASE_URL, SECRET_KEY and DEBUG of .env are read without prefix; other names are not."""
    write(".env", "DEBUG=no\nSECRET_KEY=key\nDATABASE_URL=sqlite:///x\nVERSION=9\nLIMIT=5\n")
    environ: dict[str, str] = {}
    file = DotenvFile(environ)
    file.load(tmp_path)
    assert read_overrides(TYPES, file, environ) == {
        "DEBUG": (False, SettingsSource.DOTENV),
        "SECRET_KEY": ("key", SettingsSource.DOTENV),
        "DATABASE_URL": ("sqlite:///x", SettingsSource.DOTENV),
    }


def test_bare_names_when_switched_on(write: Write, tmp_path: Path) -> None:
    """OPENVIPER_BARE_ENV lets the three names be read from the environment, which wins over .env."""
    write(".env", "DEBUG=yes\nSECRET_KEY=key\n")
    environ = {"DEBUG": "no", "VERSION": "9", "OPENVIPER_BARE_ENV": "true"}
    file = DotenvFile(environ)
    file.load(tmp_path)
    assert read_overrides(TYPES, file, environ) == {
        "DEBUG": (False, SettingsSource.ENV),
        "SECRET_KEY": ("key", SettingsSource.DOTENV),
    }


def test_bare_switch_that_is_no_switch() -> None:
    """A word that is neither yes nor no is refused."""
    with pytest.raises(ImproperlyConfigured, match="OPENVIPER_BARE_ENV is 'maybe'"):
        read_overrides(TYPES, DotenvFile({}), {"OPENVIPER_BARE_ENV": "maybe"})


def test_prefix_wins_over_bare_name(write: Write, tmp_path: Path) -> None:
    """Of both spellings the one with the prefix counts."""
    write(".env", "DEBUG=yes\nOPENVIPER_LIMIT=7\n")
    environ = {"OPENVIPER_DEBUG": "no"}
    file = DotenvFile(environ)
    file.load(tmp_path)
    assert read_overrides(TYPES, file, environ) == {
        "DEBUG": (False, SettingsSource.ENV),
        "LIMIT": (7, SettingsSource.DOTENV),
    }


def test_variable_of_the_framework_is_no_setting() -> None:
    """OPENVIPER_ENV does not give a setting ENV; names in lower case are no settings."""
    assert read_overrides(TYPES, DotenvFile({}), {"OPENVIPER_ENV": "testing", "OPENVIPER_lower": "x"}) == {}


def test_all_bad_variables_are_reported_together() -> None:
    """Each error names variable, value and type; the value of a secret is hidden (W-23)."""
    environ = {"OPENVIPER_LIMIT": "many", "OPENVIPER_DEBUG": "perhaps", "OPENVIPER_API_KEY": "hush"}
    with pytest.raises(SettingsValidationError) as caught:
        read_overrides({**TYPES, "API_KEY": int}, DotenvFile({}), environ)
    first, second, third = sorted(caught.value.errors)
    assert first.startswith("OPENVIPER_API_KEY is '***'")
    assert second.startswith("OPENVIPER_DEBUG is 'perhaps', which does not fit DEBUG: expected bool")
    assert third.startswith("OPENVIPER_LIMIT is 'many', which does not fit LIMIT: expected int")
    assert isinstance(caught.value, ImproperlyConfigured)


def test_variables_that_look_read_and_are_not(write: Write, tmp_path: Path) -> None:
    """A bare variable is reported unless it is read, came from .env, or is given with the prefix as well."""
    write(".env", "DEBUG=yes\n")
    environ = {"DATABASE_URL": "x", "SECRET_KEY": "y", "OPENVIPER_SECRET_KEY": "z"}
    file = DotenvFile(environ)
    file.load(tmp_path)
    assert ignored_variables(file, environ) == ["DATABASE_URL"]
    assert ignored_variables(file, {**environ, "OPENVIPER_BARE_ENV": "1"}) == []
