"""What an instance is related to: the rows that refer to it, and those that it is linked with."""

from openviper.db.related.attribute import give_reverse, related_to
from openviper.db.related.many import ManyRelatedManager
from openviper.db.related.one import RelatedOne
from openviper.db.related.referring import RelatedManager

__all__ = ["ManyRelatedManager", "RelatedManager", "RelatedOne", "give_reverse", "related_to"]
