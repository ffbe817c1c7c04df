"""Models, queries, transactions: what a project asks of its database; importing it opens nothing."""

from openviper.db import fields
from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint
from openviper.db.exceptions import IntegrityError, ModelValidationError
from openviper.db.fields.choices import TextChoice
from openviper.db.manager import Manager, QuerySet
from openviper.db.models import AbstractModel, Model
from openviper.db.peers import FETCH_ONE, FETCH_PEERS, FETCH_RAISE
from openviper.db.query.aggregates import Avg, Count, Max, Min, Sum
from openviper.db.query.expressions import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from openviper.db.query.reading import Prefetch
from openviper.db.query.windows import RowRange, ValueRange, Window
from openviper.db.related import ManyRelatedManager, RelatedManager
from openviper.db.transactions import atomic, on_commit, on_rollback

__all__ = [
    "FETCH_ONE",
    "FETCH_PEERS",
    "FETCH_RAISE",
    "AbstractModel",
    "Avg",
    "Case",
    "CheckConstraint",
    "Count",
    "Exists",
    "F",
    "Index",
    "IntegrityError",
    "Manager",
    "ManyRelatedManager",
    "Max",
    "Min",
    "Model",
    "ModelValidationError",
    "OuterRef",
    "Prefetch",
    "Q",
    "QuerySet",
    "RelatedManager",
    "RowRange",
    "Subquery",
    "Sum",
    "TextChoice",
    "UniqueConstraint",
    "Value",
    "ValueRange",
    "When",
    "Window",
    "atomic",
    "fields",
    "on_commit",
    "on_rollback",
]
