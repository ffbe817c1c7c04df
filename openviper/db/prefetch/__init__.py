"""Prefetch: the rows that many instances are related to, in one query a relation instead of one an instance."""

from openviper.db.prefetch.tree import check_prefetch, prefetch
from openviper.db.query.reading import Prefetch

__all__ = ["Prefetch", "check_prefetch", "prefetch"]
