"""What a process remembers of its clients: nothing that they can make grow."""

import gc
import logging
import sys

from openviper import OpenViper
from tests.integration.hostile.attacks import ATTACKS, make_scope
from tests.integration.hostile.exchanges import ask

PLACES = (b"/str/", b"/download/", b"/none/", b"/foreign/", b"/static/", b"/query?name=", b"/slash?")
ROUNDS = 5


async def attack(app: OpenViper, number: int) -> int:
    """Send every attack, and as many requests that have never been seen before; give how many."""
    for index, one in enumerate(ATTACKS):
        await ask(app, one.scope(), [one.body[:20_000]])
        for which, place in enumerate(PLACES):
            new = b"%d-%d-%d" % (number, index, which)
            fields = [
                (b"host", b"localhost:%d" % (number * 1000 + index)),
                (b"accept", b"text/html;q=0.%b" % new.replace(b"-", b"")),
                (b"accept-encoding", b"gzip;level=" + new),
                (b"cookie", b"session=" + new),
                (b"origin", b"https://" + new + b".example"),
                (b"if-none-match", b'"' + new + b'"'),
                (b"content-type", b"text/" + new),
                (b"x-forwarded-for", b"10.0.0.%d" % (index % 256)),
            ]
            method = "GET" if index % 10 else f"M{number}X{index}"
            await ask(app, make_scope(method, place + new, fields))
    return len(ATTACKS) * (1 + len(PLACES))


async def test_nothing_grows_with_what_clients_send(app: OpenViper) -> None:
    """Addresses, hosts, headers, methods and bodies that were never seen before leave nothing behind."""
    logging.getLogger("openviper").setLevel(logging.CRITICAL + 1)  # pytest keeps what is logged
    growth: list[int] = []
    sent = 0
    # The first rounds fill the caches, each of which has its bound.
    for number in range(ROUNDS):
        before = settled_blocks()
        sent = await attack(app, number)
        growth.append(settled_blocks() - before)
    # An entry in a table takes a block at least, and each tenth request had a method of its own, to name the rarest.
    # What is kept of a client's requests is kept in every round; what the interpreter or the measuring of coverage
    # adds now and then is not.
    assert min(growth) < sent / 50, growth


def settled_blocks() -> int:
    """Count the blocks that are in use when all that nobody refers to is gone."""
    gc.collect()
    return sys.getallocatedblocks()
