"""Secrets do not appear."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import Settings
from openviper.conf.masking import is_sensitive, mask, mask_text

SECRET = "hush-hush"


class Login(NamedTuple):
    """A value whose parts have names."""

    user: str
    password: str


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", SECRET),
        ("DATABASES", {"default": {"URL": SECRET}}),
        ("CACHES", {"default": {"OPTIONS": {"url": SECRET}}}),
        ("EMAIL", {"username": SECRET}),
        ("STRIPE_API_KEY", SECRET),
        ("SMTP_PASSWORD", SECRET),
        ("BOT_TOKEN", SECRET),
        ("AWS_CREDENTIALS", (SECRET,)),
        ("SHOP", {"client_secret": SECRET, "nested": [{"Password": SECRET}]}),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@host:5432/db"),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@odd/p@ss@host/db"),
        ("DATABASE_URL", f"mssql://host/db?user=me&password={SECRET}&x=1"),
        ("SHOP_URLS", [f"redis://:{SECRET}@host/0", ("x", f"amqp://me:{SECRET}@host")]),
        ("SHOP_DSN", f"host=db password={SECRET} user=me"),
        ("SHOP_SET", {f"redis://:{SECRET}@host"}),
        ("SHOP_BY_URL", {f"redis://:{SECRET}@host": 1}),
        ("DB_PASS", SECRET),
        ("SHOP_PWD", SECRET),
        ("SENTRY_DSN", f"https://{SECRET}@sentry.io/1"),
        ("PROXY_AUTH", ("me", SECRET)),
        ("SHOP", {"auth": ("me", SECRET)}),
        ("SHOP_LOGIN", Login("me", SECRET)),
        ("SHOP_JSON", f'{{"user": "me", "password": "{SECRET}"}}'),
        ("SHOP_TEXT", str({"api_key": SECRET, "limit": 3})),
        ("SHOP_CALL", f"Client(user='me', password='{SECRET} and more')"),
    ],
)
def test_secret_is_hidden(name: str, value: object) -> None:
    """Keys, passwords, tokens and credentials are hidden wherever they stand."""
    assert SECRET not in str(mask(name, value))
    assert "***" in str(mask(name, value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", True),
        ("SECRET_KEY", ""),
        ("DATABASES", {}),
        ("INSTALLED_APPS", ("shop",)),
        ("PASSWORD_HASHERS", ("argon2",)),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("SHOP", {"limit": 3, "urls": ["https://example.com:8000/a?b=c"]}),
        ("SHOP_FILES", ["a"]),
        ("SHOP_BYPASS", "yes"),
        ("AUTH_BACKENDS", ("shop.auth.Backend",)),
        ("SHOP_TEXT", "KeyError: 'name'"),
    ],
)
def test_what_is_no_secret_is_shown(name: str, value: object) -> None:
    """Everything else stays as it is, and that a secret is missing is no secret."""
    assert mask(name, value) == value


def test_url_keeps_all_but_its_password() -> None:
    """Host, user and name of a database can be read in a dump."""
    assert mask_text("postgresql://me:pw@host:5432/db") == "postgresql://me:***@host:5432/db"


def test_settings_with_names_of_secrets() -> None:
    """Of the framework's own settings only the ones that hold secrets are hidden whole."""
    hidden = [name for name in Settings.__dataclass_fields__ if is_sensitive(name)]
    assert sorted(hidden) == ["CACHES", "DATABASES", "EMAIL", "SECRET_KEY"]


# Characters that end a URL in running text cannot be told from its password.
PASSWORDS = st.from_regex(re.compile(r"[^\s'\"]{4,}"), fullmatch=True)


@given(PASSWORDS)
def test_no_password_of_a_url_is_shown(password: str) -> None:
    """Whatever stands between the first colon and the last @ of a URL is hidden."""
    assert mask_text(f"redis://me:{password}@host/0") == "redis://me:***@host/0"
