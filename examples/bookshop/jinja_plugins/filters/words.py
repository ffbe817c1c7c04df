"""How pages write numbers and days."""

import datetime as dt


def price(cents: int) -> str:
    """Write an amount of money: ``€ 12.90``."""
    return f"€\N{NARROW NO-BREAK SPACE}{cents / 100:,.2f}"


def day(moment: dt.date) -> str:
    """Write a day: ``3 May 2026``."""
    return f"{moment.day} {moment:%B %Y}"


def number(value: int) -> str:
    """Write a large number: ``1,400``."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """Write a number of things: ``1 book``, ``12 books``."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"
