"""Attacks through real servers: what they answer by themselves is theirs, and they go on whatever comes."""

from collections.abc import Iterator

import pytest

from openviper.server.options import SERVERS
from tests.integration.hostile.attacks import ATTACKS, Attack, form, part
from tests.integration.hostile.sites import Site, make_site, serve, status_of

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# What is no request, or one that may be read in two ways; whole, so that a server has something to answer.
MALFORMED = {
    "two lengths": b"POST /text HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST /text HTTP/1.1\r\n" + HOST + CLOSE + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "signed length": b"POST /text HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na",
    "chunk of no size": b"POST /text HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\nzz\r\n",
    "NUL in a field": b"GET /request HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "CR in a field": b"GET /request HTTP/1.1\r\n" + HOST + CLOSE + b"X: a\rSet-Cookie: b\r\n\r\n",
    "blank before a colon": b"GET /request HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n",
    "NUL in the target": b"GET /str/\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw bytes in the target": b"GET /str/\xff\xfe HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
    "no host": b"GET /request HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "a version of the future": b"GET / HTTP/9.9\r\n" + HOST + CLOSE + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500 + b"\r\n\r\n",
    "20,000 fields": b"GET /request HTTP/1.1\r\n" + HOST + CLOSE + b"A: b\r\n" * 20_000 + b"\r\n",
    "field of 1 MB": b"GET /request HTTP/1.1\r\n" + HOST + CLOSE + b"A: " + b"b" * 1_000_000 + b"\r\n\r\n",
    "target of 100 kB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
}
# One server may be lenient where another is not; what it makes of these must still be harmless.
LENIENT = {
    "LF alone": b"GET /int/1 HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    "folded field": b"GET /int/1 HTTP/1.1\r\n" + HOST + CLOSE + b"X: a\r\n b\r\n\r\n",
    "version of old": b"GET /int/1 HTTP/1.0\r\n" + HOST + b"\r\n",
    "whole address": b"GET http://evil.example/int/1 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
    "upgrade to nothing": b"GET /int/1 HTTP/1.1\r\n" + HOST + b"Connection: close, Upgrade\r\nUpgrade: rubbish\r\n\r\n",
    "length and chunks": MALFORMED.pop("length and chunks"),
}
# Heads that are no longer than this are taken by every server.
USUAL_HEAD = 8000


@pytest.fixture(scope="module", params=[*SERVERS, "hypercorn"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server of each kind for all tests: each leaves it as well as it was."""
    with serve(make_site(tmp_path_factory.mktemp(request.param)), request.param) as running:
        assert running.is_well()
        yield running


def is_right(attack: Attack, status: int | None) -> bool:
    if status == attack.status:
        return True
    is_unusual = attack.by_server or len(attack.text()) - len(attack.body) > USUAL_HEAD
    return is_unusual and (status is None or 400 <= status < 500)


def test_attacks_are_answered(site: Site) -> None:
    """The answers are those of the application in process, but for what a server does not pass on."""
    wrong = {}
    for attack in ATTACKS:
        answer = site.send_raw(attack.text())
        if not is_right(attack, status_of(answer)):
            wrong[attack.name] = answer[:200]
    assert wrong == {}
    assert site.is_well()
    assert "Traceback" not in site.output


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request_is_refused(site: Site, name: str) -> None:
    """No application sees it as something else, and the next visitor is served."""
    status = status_of(site.send_raw(MALFORMED[name]))
    assert status is None or 400 <= status < 500
    assert site.is_well()


@pytest.mark.parametrize("name", LENIENT)
def test_odd_request_does_no_harm(site: Site, name: str) -> None:
    """Served or refused, it is one request with one answer."""
    answer = site.send_raw(LENIENT[name])
    status = status_of(answer)
    assert status is None or 200 <= status < 500
    assert answer.count(b"HTTP/1.") <= 1
    assert b"evil" not in answer
    assert site.is_well()


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    """Each has an answer of its own, a refused one among them."""
    requests = [b"GET /int/%d HTTP/1.1\r\n" % number + HOST + b"\r\n" for number in range(5)]
    refused = b"POST /struct HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" + HOST + b"\r\n{]"
    last = b"GET /int/9 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
    answer = site.send_raw(b"".join([*requests, refused, last]))
    assert [answer.count(b'{"number":%d}' % number) for number in (*range(5), 9)] == [1] * 6
    assert answer.count(b"HTTP/1.1 400 ") == 1


def test_body_byte_by_byte_is_read(site: Site) -> None:
    """Slow is no fault: what arrives in single bytes is a body like any other."""
    body = form(part(b'name="name"', b"slow"))
    head = b"POST /form HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n" % len(body)
    answer = site.send_raw(head + HOST + CLOSE + b"\r\n", *[body[at : at + 1] for at in range(len(body))])
    assert status_of(answer) == 200
    assert b'"name":"slow"' in answer


@pytest.mark.parametrize("place", [b"/text", b"/struct", b"/form", b"/stream", b"/foreign/x"])
def test_chunks_over_the_limit_are_refused_at_once(site: Site, place: bytes) -> None:
    """The answer comes before the end of the body, which never comes."""
    head = b"POST " + place + b" HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST + CHUNKED + b"\r\n"
    with site.open_raw() as connection:
        connection.sendall(head)
        try:
            for _ in range(21):
                connection.sendall(b"2710\r\n" + b"1" * 10_000 + b"\r\n")
        except ConnectionError:
            pass  # the answer has been given and the connection closed
        assert status_of(connection.recv(1000)) in (413, 415)
    assert site.is_well()


@pytest.mark.parametrize("place", [b"/text", b"/struct", b"/form", b"/stream", b"/foreign/x", b"/sync"])
def test_client_that_stalls_and_leaves_holds_nothing(site: Site, place: bytes) -> None:
    """Others are served meanwhile; with the connection everything goes that belonged to it."""
    kind = b"multipart/form-data; boundary=b" if place == b"/form" else b"application/json"
    begun = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"x" * 30_000
    before = site.open_files()
    head = b"POST " + place + b" HTTP/1.1\r\nContent-Type: " + kind + b"\r\nContent-Length: 100000\r\n" + HOST + b"\r\n"
    stalled = [site.open_raw() for _ in range(30)]
    for connection in stalled:
        connection.sendall(head + begun)
    assert site.is_well()
    for connection in stalled:
        connection.close()
    site.wait_until_free(before)
    assert site.is_well()
    assert "Traceback" not in site.output


def test_client_that_never_finishes_its_head_keeps_nobody_out(site: Site) -> None:
    """A hundred heads that come to no end are a hundred connections, and no more."""
    before = site.open_files()
    waiting = [site.open_raw() for _ in range(100)]
    for connection in waiting:
        connection.sendall(b"GET /int/1 HTTP/1.1\r\nHost: loc")
    assert site.is_well()
    for connection in waiting:
        connection.close()
    site.wait_until_free(before)


def test_flood_of_a_head_takes_no_memory(site: Site) -> None:
    """However long a client goes on with fields or trailers, little of it is kept."""
    before = site.memory()
    chunk = b"1\r\nx\r\n0\r\n"
    for start in (b"GET /int/1 HTTP/1.1\r\n" + HOST, b"POST /text HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n" + chunk):
        answer = site.send_raw(start, *[b"A-b: c\r\n" * 5000] * 500)
        assert status_of(answer) in (None, 400, 413, 431, 499)
    assert site.memory() < before + 20_000
    assert site.is_well()


@pytest.mark.slow
def test_memory_stays_flat_over_thousands_of_attacks(site: Site) -> None:
    """Nothing remembers what strangers have sent: not paths, hosts, headers or bodies."""
    requests = [attack.text() for attack in ATTACKS]

    def round_of_attacks(number: int) -> None:
        for request in requests:
            # Each time another address, which a memory of addresses would keep.
            site.send_raw(request.replace(b"localhost", b"localhost", 1).replace(b" /", b" /%d-" % number, 1))
            site.send_raw(request)

    for number in range(2):
        round_of_attacks(number)
    before = site.memory()
    for number in range(2, 4):
        round_of_attacks(number)
    assert site.memory() < before + 10_000
    assert site.is_well()
