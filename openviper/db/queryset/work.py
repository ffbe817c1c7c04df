"""Everything that models, managers and query sets do at a database, under one roof; see ``late``."""

from openviper.db.executor import read_all, read_exactly, read_one
from openviper.db.loading import load, read_relation, read_single
from openviper.db.pagination import paginate
from openviper.db.persistence.bulk import bulk_create, bulk_update
from openviper.db.persistence.delete import delete, delete_rows
from openviper.db.persistence.links import Links
from openviper.db.persistence.referrers import Referrers
from openviper.db.persistence.refresh import refresh
from openviper.db.persistence.save import save
from openviper.db.persistence.update import update_rows
from openviper.db.persistence.upsert import get_or_create, update_or_create
from openviper.db.prefetch import check_prefetch, prefetch
from openviper.db.queryset.iteration import batch, id_batch, iterator
from openviper.db.queryset.raw import explain, raw, sql_of

__all__ = [
    "Links",
    "Referrers",
    "batch",
    "bulk_create",
    "bulk_update",
    "check_prefetch",
    "delete",
    "delete_rows",
    "explain",
    "get_or_create",
    "id_batch",
    "iterator",
    "load",
    "paginate",
    "prefetch",
    "raw",
    "read_all",
    "read_exactly",
    "read_one",
    "read_relation",
    "read_single",
    "refresh",
    "save",
    "sql_of",
    "update_or_create",
    "update_rows",
]
