"""What operations of the ORM cost, in figures without a clock: statements, hops, Python calls."""

import gc
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from openviper.conf import settings
from openviper.db import Model, fields
from openviper.db.connections import close_db, get_database, reset
from openviper.db.dialects.engines import get_dialect
from openviper.db.monitor import watch_queries
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of


class Writer(Model):
    name = fields.CharField(max_length=50)


class Text(Model):
    id: int
    writer = fields.ForeignKey(Writer, related_name="texts")
    writer_id: int
    title = fields.CharField(max_length=50)
    size = fields.IntegerField(default=0)
    ratio = fields.FloatField(default=0.5)
    active = fields.BooleanField(default=True)
    made = fields.DateTimeField(auto_now_add=True)


class Cost:
    """What one operation did on the thread of the loop."""

    def __init__(self) -> None:
        #: Statements that were sent.
        self.queries = 0
        #: Messages to the threads of connections.
        self.hops = 0
        #: Python functions of the framework that were called.
        self.calls = 0
        #: Functions of SQLAlchemy that were called, and functions that were written: plans that were not found.
        self.made = 0

    def note(self, frame: FrameType, event: str, arg: object) -> None:
        """Take an event of the interpreter."""
        if event == "c_call":
            name = getattr(arg, "__qualname__", "")
            self.hops += name == "SimpleQueue.put"
            self.made += name == "exec"
        elif event == "call":
            package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            # Functions that were written for a model or a plan belong to no module.
            self.calls += package in ("openviper", "builtins", "")
            self.made += package == "sqlalchemy"


async def cost_of(operation: Callable[[], Awaitable[object]]) -> Cost:
    """Do an operation until all is known that is kept, and measure it then."""
    for _ in range(2):
        await operation()
    cost = Cost()
    with watch_queries() as log:
        await operation()
    cost.queries = log.count
    gc.disable()  # it may call what others left for it
    sys.setprofile(cost.note)
    try:
        await operation()
    finally:
        sys.setprofile(None)
        gc.enable()
    return cost


@pytest.fixture
async def text(tmp_path: Path) -> AsyncIterator[Text]:
    """One of twenty texts of two writers, in a file of SQLite."""
    settings.configure(SECRET_KEY="x" * 50, DATABASE_URL=f"sqlite:///{tmp_path / 'cost.db'}")
    reset()  # a process that has used several databases looks where instances are from
    for statement in create_statements([schema_of(Writer._meta), schema_of(Text._meta)], get_dialect("sqlite")):
        await get_database().execute(statement)
    writers = await Writer.objects.bulk_create([Writer(name="Ann"), Writer(name="Bob")])
    await Text.objects.bulk_create([Text(writer=writers[one % 2], title=f"text {one}") for one in range(20)])
    yield await Text.objects.get(id=1)
    await close_db()


def operations(text: Text) -> dict[str, tuple[int, int, Callable[[], Awaitable[object]]]]:
    """Give operations with the statements and the Python calls that each may take."""

    def save() -> Awaitable[object]:
        text.size += 1
        return text.save()

    rows = Text.objects.filter(writer_id=1)
    return {
        "get": (1, 45, lambda: Text.objects.get(id=3)),
        "filter": (1, 55, lambda: Text.objects.filter(writer_id=1)),
        "values": (1, 60, lambda: Text.objects.filter(writer_id=1).values("title")),
        "count": (1, 48, rows.count),
        "exists": (1, 48, rows.exists),
        "first": (1, 60, rows.first),
        "select_related": (1, 55, lambda: Text.objects.select_related("writer")),
        "prefetch_related": (2, 130, lambda: Writer.objects.prefetch_related("texts")),
        "save": (1, 72, save),
        "save of what has not changed": (0, 26, text.save),
        "create": (1, 66, lambda: Text.objects.create(writer_id=1, title="new")),
        "update": (1, 52, lambda: rows.update(size=3)),
    }


@pytest.mark.parametrize("name", operations(Text()))
async def test_cost_of_an_operation(text: Text, name: str) -> None:
    """Each statement is one hop, and but for the first time it is found ready: nothing is written for it (C-011l)."""
    queries, most, operation = operations(text)[name]
    cost = await cost_of(operation)
    assert (cost.queries, cost.made) == (queries, 0)
    assert cost.hops <= queries
    assert cost.calls <= most


async def test_cost_does_not_grow_with_rows(text: Text) -> None:
    """A row is no Python call: 20 rows take as many as 10, with those that are read along."""
    for rows in (Text.objects.order_by("id"), Text.objects.values(), Text.objects.select_related("writer")):
        few, many = [await cost_of(partial(rows.limit, count)) for count in (10, 20)]
        assert many.calls <= few.calls + 5  # a thread that still works is told of a read in another way


async def test_many_rows_are_read_without_the_collector(text: Text) -> None:
    """While rows become instances nothing can be garbage, so the collector waits; afterwards it is as it was."""
    await Text.objects.bulk_create([Text(writer_id=1, title="new") for _ in range(5000)])
    here, runs = threading.get_ident(), 0

    def count(phase: str, info: dict[str, int]) -> None:
        nonlocal runs
        runs += phase == "start" and threading.get_ident() == here

    gc.callbacks.append(count)
    try:
        found = await Text.objects.all()
    finally:
        gc.callbacks.remove(count)
    assert len(found) == 5020
    assert runs <= 2
    assert gc.isenabled()


@pytest.mark.parametrize("count", [2, 100])
async def test_rows_stored_together(text: Text, count: int) -> None:
    """Many new rows are one hop, and none of them costs a query of its own."""
    cost = await cost_of(lambda: Text.objects.bulk_create([Text(writer_id=1, title="new") for _ in range(count)]))
    assert (cost.queries, cost.hops, cost.made) == (1, 1, 0)
