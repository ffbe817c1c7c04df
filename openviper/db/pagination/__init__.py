"""Pages of a query: by number, and by keyset cursors that a client carries."""

from openviper.db.pagination.page import MAX_PAGE_SIZE, Page
from openviper.db.pagination.pages import paginate

__all__ = ["MAX_PAGE_SIZE", "Page", "paginate"]
