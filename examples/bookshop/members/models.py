"""What is known of members."""

import datetime as dt

from openviper.db import Model, fields

from catalogue.models import Book, Genre


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


class Member(Model):
    """Somebody who has joined the shop; those who were there before it opened have no browser."""

    id: int
    name = fields.CharField(max_length=80, help_text="As they wrote it.")
    email = fields.EmailField(help_text="Shown to nobody but themselves.")
    city = fields.CharField(max_length=80, help_text="Where they read.")
    favourite = fields.ForeignKey(Genre, null=True, on_delete="SET_NULL", related_name="+")
    favourite_id: str | None
    wishes = fields.ManyToManyField(Book, related_name="wished_by", help_text="Books that they want to remember.")
    joined_on = fields.DateField(default=_today)
    visitor = fields.CharField(max_length=32, null=True, unique=True, help_text="The key of the browser that joined.")

    @property
    def is_authenticated(self) -> bool:
        """Whether permissions take them for somebody they know."""
        return True
