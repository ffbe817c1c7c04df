"""What works at a database stands under one roof, which models do not enter."""

import subprocess
import sys

from openviper.db.queryset import late, work

ROUND = """
import asyncio, sys
from openviper.db import Model, fields
from openviper.db.connections import configure_db, init_db

class Thing(Model):
    name = fields.CharField()

rows = Thing.objects.filter(name="a")
assert "openviper.db.query.lowering" not in sys.modules
assert "openviper.db.queryset.work" not in sys.modules

async def main():
    configure_db("sqlite://")
    await init_db()
    await Thing(name="a").save()
    before = set(sys.modules)
    rows = await Thing.objects.filter(name="a")
    await Thing.objects.filter(name="a").update(name="b")
    await rows[0].delete()
    print([name for name in sys.modules if name not in before and name.startswith("openviper.db.p")])

asyncio.run(main())
"""


def test_every_name_is_there() -> None:
    """What query sets ask for by the late module is what stands in the room itself."""
    assert [name for name in work.__all__ if getattr(late.work, name) is not getattr(work, name)] == []


def test_first_statement_brings_in_all_of_it() -> None:
    """Describing a plain query loads nothing; the first statement loads all parts, so that none comes later."""
    done = subprocess.run([sys.executable, "-c", ROUND], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
