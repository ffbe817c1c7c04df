"""Secrets do not appear."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import Settings
from openviper.conf.masking import find_secrets, is_sensitive, mask, mask_text

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
        ("DBPASS", SECRET),
        ("SHOP_HEADERS", [("Authorization", f"Bearer {SECRET}"), ("Cookie", SECRET)]),
        ("SHOP_HEADERS", {"Authorization": SECRET}),
        ("SHOP_HEADERS", {"Cookie": SECRET}),
        ("SHOP_HEADERS", {b"x-auth": SECRET}),
        ("SHOP_HEADERS", {"db-pass": SECRET}),
        ("SHOP_VISITOR", {"session_id": SECRET}),
        ("SHOP_VISITOR", {"jwt": SECRET}),
        ("SHOP_HEADERS", {"x-jwt-assertion": SECRET, "pw": SECRET}),
        ("SHOP_HOOK", {"x-signature": SECRET}),
        ("SHOP_COMMAND", ("mysql", "--password", SECRET, "shop")),
        ("SHOP_CALLBACK", f"https://shop.example/?pass={SECRET}"),
        ("SHOP_JSON", f'{{"pass": "{SECRET}"}}'),
        ("SHOP_DB", f"host=db password = '{SECRET}' user=me"),
        ("SENTRY", f"https://{SECRET}@sentry.io/1"),
        ("SHOP_RAW", f"redis://:{SECRET}@host/0".encode()),
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
        ("CORS_ALLOWED_HEADERS", ("Authorization", "Content-Type")),
        ("SECURE_COOKIES", True),
        ("SHOP_NEEDS_TOKEN", False),
        ("SHOP", {"cookie_name": "basket", "surpass": 3}),
        ("SHOP_RAW", b"raw"),
    ],
)
def test_what_is_no_secret_is_shown(name: str, value: object) -> None:
    """Everything else stays as it is, and that a secret is missing is no secret."""
    assert mask(name, value) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x-auth=hush-hush&a=1", "x-auth=***&a=1"),
        ("db-pass: hush-hush\nuser: ada", "db-pass: ***\nuser: ada"),
        ("user[password]=hush-hush", "user[password]=***"),
        ("password=o'hush-hush", "password=***"),
        ("password = 'hush hush' user=me", "password = *** user=me"),
        ("Authorization: Digest a=hush, b=hush\r\nHost: shop", "Authorization: ***\r\nHost: shop"),
        ("Cookie: a=hush; b=hush", "Cookie: ***"),
        ("sent Bearer hush.Hush-1 to it", "sent Bearer *** to it"),
        ("Basic YWRhOmh1c2g=", "Basic ***"),
        ("mysql --password hush-hush -u me", "mysql --password *** -u me"),
        ("<login><password>hush</password></login>", "<login><password>***</password></login>"),
        (r"{\"password\": \"hu\\\"sh\", \"a\": 1}", r"{\"password\": ***, \"a\": 1}"),
        ("['mysql', '--password', 'hush']", "['mysql', '--password', ***]"),
        ("https://hush@sentry.io/1 and more", "https://***@sentry.io/1 and more"),
        (
            "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\n",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nhush\nhush", "-----BEGIN RSA PRIVATE KEY-----***"),
        ("Account(password=Secret(a='hush'), b=1)", "Account(password=***"),
    ],
)
def test_secret_in_a_text_is_hidden(text: str, shown: str) -> None:
    """Each way of writing a name and its value, or a secret that needs no name, loses the secret alone."""
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'name'",
        "press any key, then wait",
        "SELECT key FROM tokens",
        "token=None, password=''",
        "password=\nuser=me",
        "https://example.com/a@b",
        "a Basic tutorial",
        "passenger=3&bypass=1",
        "'name', 'title'",
    ],
)
def test_text_without_a_secret_stays(text: str) -> None:
    """A word that speaks of secrets hides nothing where no value follows it."""
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "key",
        "-",
        " ",
        "\\",
        "'",
        '"',
        "<a",
        "<key>",
        "://a:",
        "://a",
        "Basic ",
        "key=[",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "key: ",
        "'key': \\'",
        "\n",
    ],
)
def test_long_text_is_masked_in_linear_time(part: str) -> None:
    """Half a million characters take no noticeable time; were it quadratic, this would not end within an hour."""
    text = part * (500_000 // len(part))
    assert len(mask_text(f"{text} password=hush")) <= len(text) + 20


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    """Nothing that a text holds is too odd, and what names no secret itself keeps none from being found."""
    assert SECRET not in mask_text(f"{text}\n--token {SECRET}")


def test_secrets_of_settings_are_found() -> None:
    """Whoever shows other values gets to know which texts are secret; hosts and users are not among them."""
    assert list(find_secrets("SECRET_KEY", SECRET)) == [SECRET]
    assert list(find_secrets("SHOP", {"token": [SECRET, b"two"], "limit": 3})) == [SECRET, "two"]
    assert set(find_secrets("DATABASE_URL", "postgresql://me:p%40ss@host/db")) == {"p%40ss", "p@ss"}
    tables = {"default": {"HOST": "localhost", "PASSWORD": SECRET, "OPTIONS": {"url": "redis://:one@localhost"}}}
    assert set(find_secrets("DATABASES", tables)) == {SECRET, "one"}
    assert set(find_secrets("SHOP_HEADERS", [("Cookie", SECRET), ("Accept", "text/html")])) == {SECRET}
    assert list(find_secrets("SHOP_LOGIN", Login("me", SECRET))) == [SECRET]


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
