"""Attacks by name, each a request and the status of its answer: sent in process and through every server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from openviper.types import RawHeaders, Scope

DIGITS = b"1" * 20_000
DEEP = b"[" * 50_000 + b"]" * 50_000
SURROGATE = b"\xed\xa0\x80"
FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
MULTIPART = b"multipart/form-data; boundary=b"


@dataclass(frozen=True)
class Attack:
    """One request and what it must be answered with.

    Args:
        name: What it tries.
        status: The answer of the application.
        target: Path and query as they are sent.
        method: The method.
        headers: Fields beside Host and Content-Length; one of these replaces them.
        body: The body.
        by_server: Whether a server may answer by itself, with any 4xx or by closing the connection.
    """

    name: str
    status: int
    target: bytes
    method: str = "GET"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    by_server: bool = False

    @property
    def fields(self) -> RawHeaders:
        """All fields, names in lower case."""
        given = {name for name, _ in self.headers}
        fields = list(self.headers)
        if b"host" not in given:
            fields.insert(0, (b"host", b"localhost"))
        if self.method == "POST" and not given & {b"content-length", b"transfer-encoding"}:
            fields.append((b"content-length", b"%d" % len(self.body)))
        return fields

    def scope(self) -> Scope:
        """The request as a server hands it on."""
        return make_scope(self.method, self.target, self.fields)

    def text(self) -> bytes:
        """The request as it is sent, on a connection that ends with it."""
        lines = [b"%b %b HTTP/1.1" % (self.method.encode(), self.target)]
        lines += [b"%b: %b" % field for field in (*self.fields, (b"connection", b"close"))]
        return b"\r\n".join([*lines, b"", b""]) + self.body


def make_scope(method: str, target: bytes, fields: RawHeaders) -> Scope:
    """A scope as uvicorn makes it."""
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": fields,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def part(disposition: bytes, content: bytes = b"x", *headers: bytes) -> bytes:
    head = b"\r\n".join([b"Content-Disposition: form-data; " + disposition, *headers])
    return b"--b\r\n%b\r\n\r\n%b\r\n" % (head, content)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


NAME = part(b'name="name"')


def post(name: str, status: int, target: bytes, kind: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> Attack:
    return Attack(name, status, target, "POST", ((b"content-type", kind), *headers), body)


def upload(name: str, status: int, *parts: bytes, target: bytes = b"/form") -> Attack:
    return post(name, status, target, MULTIPART, form(*parts))


def iter_bodies() -> Iterator[Attack]:
    for place in (b"/json", b"/struct", b"/structs", b"/model", b"/any", b"/typed-dict", b"/keys", b"/sync"):
        where = place.decode()
        yield post(f"deep arrays for {where}", 400, place, JSON, DEEP)
        yield post(f"deep objects for {where}", 400, place, JSON, b'{"a":' * 20_000)
        yield post(f"half a character in JSON for {where}", 400, place, JSON, b'"\xed\xa0\x80"')
        yield post(f"escaped half a character for {where}", 400, place, JSON, b'["\\ud800"]')
        yield post(f"NUL in front of JSON for {where}", 400, place, JSON, b"\0{}")
        yield post(f"cut JSON for {where}", 400, place, JSON, b'{"a": [1, ')
        yield post(f"NaN for {where}", 400, place, JSON, b"[NaN]")
        yield post(f"body over the limit for {where}", 413, place, JSON, b"1" * 200_001)
    order = b'{"lines":[{"sku":"a","quantity":%b}],"number":%b}'
    yield post("20,000 digits in a Struct", 400, b"/struct", JSON, order % (DIGITS, b"1"))
    yield post("20,000 digits at the top of a Struct", 400, b"/struct", JSON, order % (b"1", DIGITS))
    yield post("20,000 digits in a dataclass", 400, b"/dataclass", JSON, b'{"x":%b}' % DIGITS)
    yield post("20,000 digits in a model", 400, b"/model", JSON, b'{"name":"a","size":%b}' % DIGITS)
    yield post(
        "20,000 digits as a decimal",
        422,
        b"/struct",
        JSON,
        b'{"lines":[{"sku":"a","quantity":1,"price":"1e%b"}]}' % DIGITS,
    )
    yield post("100,000 faults", 422, b"/structs", JSON, b"[" + b"1," * 90_000 + b"1]")
    yield post("JSON of another type", 415, b"/struct", b"text/plain", b"{}")
    yield post("JSON without a type", 415, b"/struct", b"", b"{}")
    yield post("text that is no UTF-8", 400, b"/text", b"text/plain", b"\xff")
    yield post("stream over its limit", 413, b"/stream", b"text/plain", b"x" * 100_001)
    announced = ((b"content-length", DIGITS),)
    yield Attack("20,000 digits as a length", 413, b"/text", "POST", announced, by_server=True)
    yield Attack("announced gigabyte", 413, b"/text", "POST", ((b"content-length", b"1000000000"),))
    yield Attack(
        "announced gigabyte that nobody reads", 413, b"/foreign/x", "POST", ((b"content-length", b"1000000000"),)
    )
    yield Attack("negative length", 400, b"/text", "POST", ((b"content-length", b"-1"),), by_server=True)


def iter_forms() -> Iterator[Attack]:
    field, file = b'name="name"', b'name="files"; filename='
    yield upload("10,000 parts", 413, *[NAME] * 10_000)
    yield upload("10,000 empty files", 413, *[part(file + b'""', b"")] * 10_000)
    yield upload("101 files", 413, NAME, *[part(file + b'"a"')] * 101)
    yield upload("field over the limit", 413, part(field, b"x" * 50_001))
    yield upload("file over the limit", 413, NAME, part(file + b'"a"', b"x" * 150_001))
    yield upload("form over the limit", 413, NAME, *[part(file + b'"a"', b"x" * 140_000)] * 3)
    yield upload("head of a part over the limit", 413, part(field, b"x", b"X: " + b"a" * 9000))
    yield upload("20 headers of a part", 413, part(field, b"x", *[b"X%d: a" % number for number in range(20)]))
    yield upload("name of 9,000 characters", 413, part(b'name="%b"' % (b"n" * 9000)))
    yield upload("file name of 400 characters", 200, NAME, part(file + b'"%b.txt"' % (b"a" * 400)))
    yield upload("file name that climbs", 200, NAME, part(file + b'"../../../etc/passwd"'))
    yield upload("file name of a device", 200, NAME, part(file + b'"con.txt"'))
    yield upload("NUL in a file name", 400, NAME, part(file + b'"a\0.txt"'))
    yield upload("NUL in a field", 400, part(field, b"a\0"))
    yield upload("half a character in a field", 400, part(field, SURROGATE))
    yield upload("half a character in a file name", 400, NAME, part(file + b'"%b"' % SURROGATE))
    yield upload("part without a name", 400, part(b'filename="a"'))
    yield upload("two names", 400, part(b'name="a"; name="b"'))
    yield upload("two file names", 400, NAME, part(file + b'"a"; filename="b"'))
    yield upload("file name in another encoding", 400, NAME, part(b"name=files; filename*=utf-8''a"))
    yield upload("form within a form", 400, part(field, b"x", b"Content-Type: multipart/mixed; boundary=c"))
    yield upload("encoded part", 400, part(field, b"eA==", b"Content-Transfer-Encoding: base64"))
    yield upload("part in another charset", 400, part(field, b"x", b"Content-Type: text/plain; charset=utf-7"))
    yield post("cut form", 400, b"/form", MULTIPART, NAME)
    yield post("preamble", 400, b"/form", MULTIPART, b"x" * 5000 + form(NAME))
    yield post("no boundary", 400, b"/form", b"multipart/form-data", form(NAME))
    yield post("two boundaries", 400, b"/form", MULTIPART + b"; boundary=c", form(NAME))
    yield post("long boundary", 400, b"/form", b"multipart/form-data; boundary=" + b"b" * 71, form(NAME))
    yield post("text for a form", 415, b"/form", b"text/plain", b"name=x")
    yield post("form in another charset", 415, b"/form", FORM + b"; charset=utf-16", b"name=x")
    yield post("10,000 fields", 413, b"/form", FORM, b"a=1&" * 10_000)
    yield post("20,000 digits in a form", 422, b"/form", FORM, b"name=x&count=" + DIGITS)
    yield post("NUL in an encoded field", 400, b"/form", FORM, b"name=%00")
    yield post("half a character in an encoded field", 400, b"/form", FORM, b"name=%ED%A0%80")
    yield post("stray percent sign", 400, b"/form", FORM, b"name=%zz")
    yield post("text in place of a file", 422, b"/form", FORM, b"name=x&files=a")


def iter_addresses() -> Iterator[Attack]:
    for path in (b"/..%2f..%2fetc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/../../etc/passwd", b"/a%2f..%2f..%2fetc"):
        for place in (b"/download", b"/static", b"/path", b"/foreign", b"/none"):
            yield Attack(f"climbing by {place.decode()}{path.decode()}", 400, place + path)
    for path in (b"/..%5c..%5cwindows", b"/%252e%252e%252fetc", b"//etc/passwd", b"/%7Eroot", b"/a.txt%20", b"/.env"):
        yield Attack(f"another file by {path.decode()}", 404, b"/download" + path)
    yield Attack("NUL in a path", 400, b"/str/%00")
    yield Attack("NUL in the path of a file", 400, b"/download/a.txt%00.png")
    yield Attack("file name of 400 characters to download", 404, b"/download/" + b"a" * 400)
    yield Attack("20,000 digits in a path", 404, b"/int/" + DIGITS)
    yield Attack("20,000 segments", 404, b"/a" * 20_000)
    yield Attack("another kind of digit", 404, b"/int/%D9%A3")
    for name in (b"number", b"ratio", b"price", b"ids", b"key", b"day", b"at", b"length", b"size", b"is_new"):
        yield Attack(f"20,000 digits as {name.decode()}", 422, b"/query?%b=%b" % (name, DIGITS))
        yield Attack(f"NUL as {name.decode()}", 422, b"/query?%b=%%00" % name)
        yield Attack(f"half a character as {name.decode()}", 422, b"/query?%b=%%ED%%A0%%80" % name)
    yield Attack("NUL in a text", 422, b"/query?name=%00")
    yield Attack("10,000 values", 200, b"/query?" + b"ids=1&" * 10_000)
    yield Attack("number without an end", 422, b"/query?ratio=1e999")
    yield Attack("method that nobody knows", 405, b"/int/1", "BREW", by_server=True)
    yield Attack("trace", 405, b"/int/1", "TRACE")
    yield Attack("tunnel", 404, b"evil.example:443", "CONNECT", by_server=True)
    yield Attack("target without a slash", 404, b"@evil.example/", by_server=True)


def iter_redirects() -> Iterator[Attack]:
    yield Attack("NUL in a redirect", 422, b"/go?to=/%00")
    targets = (
        b"//evil.example", b"///evil.example", b"/%5cevil.example", b"https://evil.example", b"javascript:alert(1)",
        b"%5c%5cevil.example", b"/%09/evil.example", b"%09//evil.example", b"/%0d%0aset-cookie:%20a=1",
        b"/a/../../evil", b"evil.example", b"",
    )  # fmt: skip
    for target in targets:
        yield Attack(f"redirect to {target.decode()}", 400, b"/go?to=" + target)
    yield Attack("redirect to another path of this site", 307, b"/go?to=/next?page=2")
    yield Attack("slash before a host", 404, b"//evil.example")
    yield Attack("slash behind a host", 404, b"//evil.example/")
    yield Attack("CR and LF in a cookie", 200, b"/cookie?value=a%0d%0aset-cookie:%20b=1")
    yield Attack("NUL in a cookie", 422, b"/cookie?value=%00")
    yield Attack("CR and LF in a link", 200, b"/link?name=a%0d%0ab")
    yield Attack("traversal in a link", 400, b"/link?name=../a")
    yield Attack("CR and LF in the name of a download", 200, b"/saved?name=a%0d%0aset-cookie:%20b=1")
    yield Attack("backslash in a query that is redirected", 307, b"/slash?a=\\")


def iter_heads() -> Iterator[Attack]:
    hosts = (
        b"evil.example", b"localhost@evil.example", b"localhost:99999", b"localhost:80:80", b"localhost/evil",
        b"localhost#@evil", b"localhost evil", b"[::1", b"[::1]evil", b".localhost", b"*", b"a" * 5000, b"",
        b"localhost,evil.example",
    )  # fmt: skip
    for host in hosts:
        yield Attack(f"host {host[:40].decode()!r}", 400, b"/request", headers=((b"host", host),), by_server=True)
        forwarded = ((b"x-forwarded-host", host), (b"x-forwarded-for", host), (b"x-forwarded-proto", host))
        # What is no host at all is not believed, whoever sends it; what is one must be allowed.
        status = 400 if host in (b"evil.example", b"localhost:99999", b"localhost,evil.example") else 200
        yield Attack(f"forwarded host {host[:40].decode()!r}", status, b"/request", headers=forwarded)
    yield Attack(
        "two hosts", 400, b"/request", headers=((b"host", b"localhost"), (b"host", b"evil.example")), by_server=True
    )
    for name in (b"x-number", b"x-day"):
        yield Attack(f"20,000 digits in {name.decode()}", 422, b"/heads", headers=((name, DIGITS),))
    yield Attack("20,000 digits in a cookie", 422, b"/heads", headers=((b"cookie", b"count=" + DIGITS),))
    yield Attack("malformed cookies", 200, b"/heads", headers=((b"cookie", b';=;"\\;a=b=c;session;\xff=1;' * 500),))
    yield Attack(
        "quoted cookie of 30,000 escapes", 200, b"/heads", headers=((b"cookie", b'session="%b"' % (b"\\0" * 15_000)),)
    )
    yield Attack("preflight of a foreign page", 403, b"/struct", "OPTIONS", preflight(b"https://evil.example"))
    yield Attack("preflight of a name that is none", 403, b"/struct", "OPTIONS", preflight(headers=b"a b, c"))
    yield Attack("preflight of a method that is none", 403, b"/struct", "OPTIONS", preflight(method=b"P UT"))
    for name in (b"accept", b"accept-encoding", b"if-none-match", b"range", b"x-forwarded-for", b"origin", b"cookie"):
        for value in (b"," * 20_000, b";" * 20_000, b'"' * 20_000, b"a" * 20_000, b"=;" * 10_000):
            yield Attack(f"{name.decode()} of {value[:2]!r}", 200, b"/download/a.txt", headers=((name, value),))


def iter_ranges() -> Iterator[Attack]:
    ranges = (
        (b"bytes=" + b"0-1," * 5000, 200), (b"bytes=0-,0-,0-", 206), (b"bytes=%b-" % DIGITS, 416),
        (b"bytes=0-" + DIGITS, 206),
        (b"bytes=-%b" % DIGITS, 206), (b"bytes=5-1", 200), (b"bytes=-0", 416), (b"bytes=a-b", 200), (b"rows=0-1", 200),
        (b"bytes=-", 200), (b"bytes=\xb2-", 200),
    )  # fmt: skip
    for value, status in ranges:
        for place in (b"/download/a.txt", b"/saved"):
            name = f"range {value[:20]!r} of {place.decode()}"
            yield Attack(name, status, place, headers=((b"range", value),))


def preflight(
    origin: bytes = b"https://friend.example", method: bytes = b"POST", headers: bytes = b"content-type"
) -> tuple[tuple[bytes, bytes], ...]:
    asked = (b"access-control-request-method", method), (b"access-control-request-headers", headers)
    return ((b"origin", origin), *asked)


def everything() -> Iterable[Attack]:
    for kind in (iter_bodies, iter_forms, iter_addresses, iter_redirects, iter_heads, iter_ranges):
        yield from kind()


ATTACKS = tuple(everything())
