"""What visitors send: the types of fields that several forms and bodies have."""

from typing import Annotated, TypeAlias

from msgspec import Meta
from openviper import Query

# Something that can be seen, and nothing that is hidden or turns the direction of what follows. Joiners cannot be
# seen, and names in Persian and in many scripts of India hold them, so they are allowed and do not count.
_VISIBLE = r"^(?=.*[^\s\u200c\u200d])[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+\Z"

Text: TypeAlias = Annotated[str, Meta(max_length=80, pattern=_VISIBLE)]
Email: TypeAlias = Annotated[str, Meta(max_length=120, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\Z")]
Postcode: TypeAlias = Annotated[str, Meta(max_length=12, pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]+[A-Za-z0-9]\Z")]
BookId: TypeAlias = Annotated[int, Meta(ge=1, le=999_999_999)]

PageNumber: TypeAlias = Annotated[int, Query(ge=1)]
PageSize: TypeAlias = Annotated[int, Query(ge=1, le=100)]
