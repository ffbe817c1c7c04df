"""From the settings to the options of a database."""

from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.db.addresses import database_aliases, parse_url, read_options
from openviper.db.exceptions import (
    DatabaseAliasNotFoundError,
    DatabaseBackendNotFoundError,
    DatabaseConfigurationError,
)


@pytest.mark.parametrize(
    ("url", "engine", "address"),
    [
        ("sqlite:///:memory:", "sqlite", ":memory:"),
        ("sqlite://", "sqlite", ":memory:"),
        ("sqlite+aiosqlite:///:memory:", "sqlite", ":memory:"),
        ("sqlite:////var/data/a.db", "sqlite", "/var/data/a.db"),
        ("sqlite+aiosqlite:////var/data/a b.db", "sqlite", "/var/data/a b.db"),
        ("postgresql://joe:s3cret@host:5433/x?sslmode=require", "postgresql", None),
        ("postgresql+asyncpg://joe:s3cret@host:5433/x?sslmode=require", "postgresql", None),
        ("POSTGRES://joe:s3cret@host:5433/x?sslmode=require", "postgresql", None),
    ],
)
def test_url_is_read(url: str, engine: str, address: str | None) -> None:
    """The engine is that of the URL, with or without a driver after it, and the rest goes to the driver (A-28)."""
    assert parse_url(url) == (engine, address or "postgresql://joe:s3cret@host:5433/x?sslmode=require")


@pytest.mark.parametrize(
    ("scheme", "engine"),
    [
        ("oracle", "oracle"),
        ("oracle+oracledb", "oracle"),
        ("mssql", "mssql"),
        ("mssql+aioodbc", "mssql"),
        ("SQLServer", "mssql"),
        ("mysql+aiomysql", "mysql"),
    ],
)
def test_engines_have_several_names(scheme: str, engine: str) -> None:
    """What follows the name of the engine changes nothing, and the rest goes to the driver (A-28)."""
    assert parse_url(f"{scheme}://joe:s3cret@host/x?encrypt=no") == (engine, f"{engine}://joe:s3cret@host/x?encrypt=no")


def test_relative_file_starts_in_the_folder_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes begin a path in the working directory, or in the project's folder where there is one (A-28)."""
    monkeypatch.chdir(tmp_path)
    assert parse_url("sqlite:///data/a.db") == ("sqlite", str(tmp_path / "data" / "a.db"))
    monkeypatch.setenv("OPENVIPER_PROJECT_DIR", "/srv/shop")
    assert parse_url("sqlite:///data/a.db") == ("sqlite", "/srv/shop/data/a.db")
    assert parse_url("sqlite:////a.db") == ("sqlite", "/a.db")


@pytest.mark.parametrize("url", ["sqlite:a.db", "nothing", "sqlite://host/a.db", "sqlite:///a.db?mode=ro"])
def test_text_that_is_no_address_is_refused(url: str) -> None:
    """The error shows how an address is written, and not what was given."""
    with pytest.raises(DatabaseConfigurationError, match="sqlite:///") as caught:
        parse_url(url)
    assert "a.db?" not in str(caught.value)


def test_unknown_engine_lists_the_known_ones() -> None:
    """An engine that is not there is named beside those that are, and a password is not shown."""
    with pytest.raises(
        DatabaseBackendNotFoundError,
        match=r"'db2'.*mariadb, mssql, mysql, oracle, postgres, postgresql, sqlite, sqlserver",
    ) as caught:
        parse_url("db2://joe:s3cret@host/x", alias="other")
    assert (caught.value.alias, caught.value.scheme) == ("other", "db2")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "databases",
    [
        {"default": {"OPTIONS": {"URL": "sqlite:////a.db", "POOL_SIZE": 3}}},
        {"default": {"URL": "sqlite:////a.db", "POOL_SIZE": 3}},
        {
            "default": {
                "BACKEND": "any",
                "URL": "sqlite:////b.db",
                "OPTIONS": {"URL": "sqlite:////a.db", "POOL_SIZE": 3},
            }
        },
    ],
)
def test_databases_win_over_the_url(databases: dict[str, object]) -> None:
    """The default of DATABASES is read nested or flat, and wins over DATABASE_URL (A-27)."""
    settings.configure(DATABASES=databases, DATABASE_URL="sqlite:////other.db")
    options = read_options("default")
    assert (options.address, options.pool_size, options.max_overflow) == ("/a.db", 3, 10)


@pytest.mark.parametrize("databases", [{}, {"default": {}}, {"ROUTERS": ["a.b"], "ROUTING": {"x": 1}}])
def test_url_alone_is_enough(databases: dict[str, object]) -> None:
    """Where DATABASES has no default, DATABASE_URL is it, with the limits of the settings."""
    settings.configure(
        DATABASES=databases,
        DATABASE_URL="sqlite:////a.db",
        DATABASE_STATEMENT_TIMEOUT=None,
        DATABASE_LOCK_TIMEOUT=2.5,
        DATABASE_ECHO=True,
    )
    options = read_options("default")
    assert (options.address, options.statement_timeout, options.lock_timeout) == ("/a.db", None, 2.5)
    assert options.echo
    assert database_aliases() == ["default"]


def test_without_an_address_the_setting_is_named() -> None:
    """The error for no database at all names the setting (A-27)."""
    settings.configure()
    with pytest.raises(DatabaseConfigurationError, match="No DATABASE_URL configured"):
        read_options("default")
    assert database_aliases() == []


def test_unknown_alias_lists_the_known_ones() -> None:
    """An alias that is not there is named beside those that are; the keys for routing are no aliases."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "archive": {"URL": "sqlite://"}, "ROUTERS": ["a.b"]})
    for alias in ("archiv", "ROUTERS"):
        with pytest.raises(DatabaseAliasNotFoundError, match="known: archive, default"):
            read_options(alias)
    assert read_options("archive").alias == "archive"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("POOL_SIZE", 0),
        ("POOL_SIZE", "5"),
        ("MAX_OVERFLOW", -1),
        ("POOL_TIMEOUT", 0),
        ("POOL_RECYCLE", None),
        ("STATEMENT_TIMEOUT", float("inf")),
        ("LOCK_TIMEOUT", -1.0),
        ("LOCK_TIMEOUT", True),
        ("READ_ONLY", "yes"),
        ("PREPARED_STMT_CACHE", 1.5),
        ("URL", 7),
        ("POOLSIZE", 5),
    ],
)
def test_option_that_cannot_work_is_named(option: str, value: object) -> None:
    """A wrong value, or an option that does not exist, is an error with alias and option."""
    settings.configure(DATABASES={"default": {"URL": "sqlite://", option: value}})
    with pytest.raises(DatabaseConfigurationError, match=f"'default'.*{option}"):
        read_options("default")


@pytest.mark.parametrize("entry", ["sqlite://", {"OPTIONS": "sqlite://"}])
def test_alias_that_is_no_table_is_refused(entry: object) -> None:
    """A text in the place of options is refused, without being shown."""
    settings.configure(DATABASES={"default": entry})
    with pytest.raises(DatabaseConfigurationError, match="OPTIONS"):
        read_options("default")


def test_shared_sessions_cannot_be_read_only() -> None:
    """PGBOUNCER and READ_ONLY exclude each other."""
    settings.configure(DATABASES={"default": {"URL": "postgresql://h/x", "PGBOUNCER": True, "READ_ONLY": True}})
    with pytest.raises(DatabaseConfigurationError, match="PGBOUNCER"):
        read_options("default")


def test_options_do_not_show_the_address() -> None:
    """The text of the options holds no password."""
    settings.configure(DATABASE_URL="postgresql://joe:s3cret@host/x")
    assert "s3cret" not in repr(read_options("default"))
