"""What is known of members."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has joined the shop.

    Args:
        id: Their number, from 1.
        name: As they wrote it.
        email: Shown to nobody but themselves.
        city: Where they read.
        favourite: Slug of the genre that they like best; empty for none.
        joined_on: The day.
        visitor: The key of the browser that joined; None for those who were there before the shop opened.
    """

    id: int
    name: str
    email: str
    city: str
    favourite: str
    joined_on: dt.date
    visitor: str | None = None
