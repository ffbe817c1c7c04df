"""What an application answered, complete."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from openviper.http.headers import Headers
from openviper.primitives import json as jsonlib
from openviper.testing.cookies import parse_set_cookie

__all__ = ["TestResponse"]


@dataclass(frozen=True, slots=True, repr=False)
class TestResponse:
    """One response, with its whole body.

    Args:
        method: Method of the request that it answers.
        url: The whole address that was asked, after redirects.
        status_code: The HTTP status.
        headers: The header fields, names in any case; ``getlist`` gives repeated ones.
        content: The body; empty for HEAD, as a server does not send one.
        history: The redirects that led here, oldest first.
    """

    __test__: ClassVar[bool] = False  # pytest would collect it by its name

    method: str
    url: str
    status_code: int
    headers: Headers
    content: bytes = b""
    history: list["TestResponse"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The body as text, in the charset of its content type, else UTF-8; what cannot be decoded is replaced."""
        try:
            return self.content.decode(self._charset(), errors="replace")
        except (LookupError, ValueError):  # a charset that nobody knows
            return self.content.decode(errors="replace")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this response sets, value by name; their attributes are in the ``set-cookie`` fields."""
        parsed = (parse_set_cookie(header) for header in self.headers.getlist("set-cookie"))
        return {cookie.name: cookie.value for cookie in parsed if cookie is not None}

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self) -> bool:
        """Whether this sends the client to another address."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    def json(self) -> Any:  # foreign data: a test says by its asserts what it must be
        """Decode the body as JSON.

        Raises:
            orjson.JSONDecodeError: It is not JSON (a ValueError).
        """
        return jsonlib.decode(self.content)

    def __repr__(self) -> str:
        return f"<TestResponse {self.status_code} of {self.method} {self.url}>"

    def _charset(self) -> str:
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"')
        return "utf-8"
