"""Members made from words."""

import datetime as dt
import random
import unicodedata
from collections.abc import Sequence

from catalogue.models import Genre
from catalogue.seeds import WORDS, make_name
from members.models import Member

_FIRST_DAY = dt.date(2023, 3, 1)


def make_members(rng: random.Random, count: int, genres: Sequence[Genre]) -> tuple[Member, ...]:
    """Make members, in the order in which they joined."""
    days = sorted(rng.randrange(1000) for _ in range(count))
    members = []
    for number, day in enumerate(days, 1):
        name = make_name(rng)
        members.append(
            Member(
                name=name,
                email=f"{_plain(name)}{number}@example.org",
                city=rng.choice(WORDS["cities"]),
                favourite=rng.choice(genres),
                joined_on=_FIRST_DAY + dt.timedelta(days=day),
            )
        )
    return tuple(members)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters.replace(" ", ".") if letter.isascii() and letter != "'")
