"""Errors of the database: what else they are, and what they carry."""

import copy
import pickle

import pytest

from openviper.db import exceptions
from openviper.db.exceptions import (
    ConnectionLostError,
    DatabaseAliasNotFoundError,
    DatabaseBackendNotFoundError,
    IntegrityError,
    LockTimeoutError,
    ORMException,
    PoolTimeoutError,
    ProtectedError,
    QueryBudgetError,
    RestrictedError,
    TableNotFound,
)
from openviper.exceptions import ImproperlyConfigured


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        ("ConnectionLostError", ConnectionError),
        ("DatabaseAliasNotFoundError", LookupError),
        ("DatabaseBackendNotFoundError", LookupError),
        ("DatabaseConfigurationError", ImproperlyConfigured),
        ("DatabaseConfigurationError", ValueError),
        ("DatabaseOperationNotSupportedError", NotImplementedError),
        ("DatabaseReadOnlyError", PermissionError),
        ("DoesNotExist", LookupError),
        ("FieldError", ValueError),
        ("IntegrityError", ValueError),
        ("LockTimeoutError", TimeoutError),
        ("MultipleObjectsReturned", LookupError),
        ("PoolTimeoutError", TimeoutError),
        ("ProtectedError", ValueError),
        ("QueryBudgetError", AssertionError),
        ("QueryError", RuntimeError),
        ("SerializationError", RuntimeError),
        ("StatementTimeoutError", TimeoutError),
        ("TableNotFound", LookupError),
        ("TransactionError", RuntimeError),
    ],
)
def test_error_is_also_the_builtin_that_one_expects(kind: str, builtin: type[Exception]) -> None:
    """Each can be caught by its builtin kin and by the root of the database's errors."""
    found = vars(exceptions)[kind]
    assert issubclass(found, builtin)
    assert issubclass(found, ORMException)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionLostError("gone", was_sent=True),
        DatabaseAliasNotFoundError("a", ["b"]),
        DatabaseBackendNotFoundError("a", "x", ["b"]),
        IntegrityError("no", kind="unique", constraint="c", table="t", columns=["a"]),
        LockTimeoutError("busy", sqlstate="55P03"),
        PoolTimeoutError("a", 1.0, [("someone", 2.0)]),
        ProtectedError("blog.Author", {"blog.Post.author": 3}),
        QueryBudgetError(1, ["SELECT 1", "SELECT 2"]),
        RestrictedError("blog.Author", {"blog.Post.author": 3}),
        TableNotFound("blog.Post", "blog_post"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_survives_a_copy(error: ORMException) -> None:
    """A copy, or the way to another process, keeps message and attributes."""
    for made in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(made) is type(error)
        assert str(made) == str(error)
        assert vars(made) == vars(error)


def test_missing_table_names_its_model() -> None:
    """The model is named where it is known."""
    assert "'blog.Post'" in str(TableNotFound("blog.Post", "blog_post"))
    assert str(TableNotFound(None, "a")) == "there is no table 'a'; `await init_db()` makes those that are missing"
