"""Loading: read what an instance was not read with, when it is asked for; see ``docs/topics/loading-relations.md``.

One read for the instance alone, one for all that came along with it, or none: ``modes`` says which. ``together`` lets
tasks that ask at the same time wait for one read; ``rows`` fills instances in place, ``relations`` reads what refers to
them and hands it out.
"""

from openviper.db.loading.relations import read_relation, read_single
from openviper.db.loading.rows import load

__all__ = ["load", "read_relation", "read_single"]
