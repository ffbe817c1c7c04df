"""Models for paths through many to many: pages with tags and editors, writers who read and know each other."""

from decimal import Decimal
from typing import Any

from openviper.db import fields
from openviper.db.models import Model, RelatedManager

__all__ = ["WebEditing", "WebLink", "WebPage", "WebTag", "WebWriter"]


class WebTag(Model):
    """May be that of many pages."""

    id: int
    name = fields.CharField(max_length=20)
    weight = fields.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    links: "RelatedManager[WebLink]"


class WebWriter(Model):
    """Reads others, and knows some, who know them too; refers to pages, and pages to writers."""

    id: int
    name = fields.CharField(max_length=20)
    knows: Any = fields.ManyToManyField("self")
    reads: Any = fields.ManyToManyField("self", symmetrical=False, related_name="readers")
    favourites: Any = fields.ManyToManyField("WebPage", related_name="fans")


class WebPage(Model):
    """Has tags, and editors with a role for each."""

    id: int
    title = fields.CharField(max_length=20)
    writer = fields.ForeignKey(WebWriter, null=True, related_name="pages")
    tags = fields.ManyToManyField(WebTag, related_name="pages")
    editors: Any = fields.ManyToManyField(WebWriter, through="WebEditing", related_name="edited")


class WebLink(Model):
    """Belongs to one tag."""

    id: int
    tag = fields.ForeignKey(WebTag, related_name="links")
    address = fields.CharField(max_length=50)


class WebEditing(Model):
    """May lead to nobody, and twice to the same writer."""

    id: int
    page = fields.ForeignKey(WebPage, related_name="editings")
    writer = fields.ForeignKey(WebWriter, null=True, on_delete="SET_NULL", related_name="+")
    role = fields.CharField(max_length=20, default="")
