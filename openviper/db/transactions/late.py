"""What ``atomic`` does not load before a block begins: connections, and how blocks run on them.

The front of the database offers ``atomic`` and its kin beside models, whose import stays light.
"""

from typing import TYPE_CHECKING

from openviper.primitives.imports import LateModule

if TYPE_CHECKING:
    from openviper.db.transactions import work
else:
    work = LateModule("openviper.db.transactions.work")

__all__ = ["work"]
