"""What is asked of the served applications, and how much of the bare one's speed must be left."""

import json
import random
from dataclasses import dataclass
from typing import Final

import msgspec

HELLO: Final = "Hello, World!"
OBJECT: Final = {"message": HELLO, "id": 1, "ok": True}
ROWS: Final = [
    {"id": number, "name": f"Customer {number}", "email": f"customer{number}@example.com", "score": number * 1.25}
    for number in range(100)
]
ROUTES: Final = 500
ORIGIN: Final = "https://example.com"
TOKEN: Final = "token123"
FILE: Final = random.Random(1).randbytes(100 * 1024)
UPLOAD: Final = random.Random(2).randbytes(1024 * 1024)
BOUNDARY: Final = "limit7MA4YWxkTrZu0gW"


class Line(msgspec.Struct):
    sku: str
    title: str
    amount: int
    price: float


class Order(msgspec.Struct):
    id: int
    customer: dict[str, str]
    lines: list[Line]
    paid: bool


ORDER: Final = Order(
    4711,
    {"name": "Ada", "email": "ada@example.com"},
    [Line(f"SKU-{number:05d}", f"Article number {number}", number + 1, 9.5 + number) for number in range(12)],
    paid=True,
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request.

    Args:
        path: What is asked for.
        answer: The body that both sides send.
        bound: Least part of the bare application's speed, by the processor time of the server; None is printed only.
        requests: How many of them make a slice of about a third of a second.
        body: What is sent, if anything.
        headers: Further fields of the request.
        variant: Which form of the applications serves it: ``base``, ``many`` or ``stack``.
        connections: How many clients ask at a time.
    """

    path: str
    answer: bytes
    bound: float | None
    requests: int
    body: bytes = b""
    headers: tuple[str, ...] = ()
    variant: str = "base"
    connections: int = 32

    def request(self) -> bytes:
        """Write the whole request."""
        lines = [f"{'POST' if self.body else 'GET'} {self.path} HTTP/1.1", "Host: 127.0.0.1", *self.headers]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _form() -> bytes:
    head = 'Content-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + UPLOAD + f"\r\n--{BOUNDARY}--\r\n".encode()


SCENARIOS: Final = {
    "plaintext": Scenario("/plaintext", HELLO.encode(), None, 6000),
    "json": Scenario("/json", _json(OBJECT), 0.92, 6000),
    "params": Scenario(
        "/users/7/posts/42?page=2&size=20&q=abc",
        _json({"user": 7, "post": 42, "page": 2, "size": 20, "q": "abc"}),
        0.90,
        5000,
    ),
    "routes": Scenario(
        f"/resource{ROUTES - 1}/42/detail", _json({"route": ROUTES - 1, "id": 42}), 0.92, 6000, variant="many"
    ),
    "post": Scenario(
        "/order",
        msgspec.json.encode(ORDER),
        0.90,
        5000,
        body=msgspec.json.encode(ORDER),
        headers=("Content-Type: application/json",),
    ),
    "stack": Scenario(
        "/json",
        _json(OBJECT),
        0.90,
        5000,
        headers=(f"Origin: {ORIGIN}", f"Authorization: Bearer {TOKEN}"),
        variant="stack",
    ),
    "rows": Scenario("/rows", _json(ROWS), 0.80, 4000),
    "upload": Scenario(
        "/upload",
        _json({"size": len(UPLOAD)}),
        0.95,
        400,
        body=_form(),
        headers=(f"Content-Type: multipart/form-data; boundary={BOUNDARY}",),
        connections=8,
    ),
    "file": Scenario("/static/file.bin", FILE, 0.60, 3000),
}
