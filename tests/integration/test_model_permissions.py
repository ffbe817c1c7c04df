"""The permissions of models as the clients of an application meet them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from openviper import OpenViper
from openviper.conf import settings
from openviper.core.authentication import Identity
from openviper.core.context import current_user, ignore_permissions_ctx
from openviper.db import Model, fields
from openviper.db.connections import close_db, get_database
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import ModelPermissionError
from openviper.db.executor import bypass_permissions
from openviper.db.permissions import Action, permissions_changed, set_checker, slot
from openviper.db.registry import AnyModel
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of
from openviper.http.request import Request
from openviper.middleware.auth import AuthenticationMiddleware
from openviper.testing import TestClient
from openviper.types import Scope

BROWSER = {"accept": "text/html"}
REQUESTS = 200


class Lamp(Model):
    name = fields.CharField(max_length=50)


class Permit(Model):
    """Says who may do what with lamps; the checker asks it."""

    username = fields.CharField(max_length=50)
    action = fields.CharField(max_length=10)


@dataclass(frozen=True)
class Member:
    """A user that a header names."""

    username: str
    is_authenticated: bool = True


class HeaderBackend:
    """Believes a header, as no real backend may."""

    async def authenticate(self, scope: Scope) -> Identity | None:
        """Give the user that it names."""
        name = dict(scope["headers"]).get(b"x-user")
        return None if name is None else (Member(name.decode()), {"type": "header"})


class Permits:
    """Looks permits up, and remembers them for one version of the slot."""

    def __init__(self) -> None:
        self.looked_up = 0
        self._known: tuple[int, frozenset[tuple[str, str]]] | None = None

    async def check(self, model: AnyModel, action: Action) -> bool:
        """Ask for the permit of the user; who is nobody is the project itself."""
        user = current_user.get()
        if user is None or model is not Lamp:
            return True
        version = slot.version
        if self._known is None or self._known[0] != version:
            self.looked_up += 1
            self._known = version, frozenset(await Permit.objects.values_list("username", "action"))
        return (user.username, action) in self._known[1]


@pytest.fixture
async def checker(tmp_path: Path) -> AsyncIterator[Permits]:
    """A database with a lamp and the permits of Ann, and the checker that looks them up."""
    settings.configure(SECRET_KEY="x" * 50, DATABASE_URL=f"sqlite:///{tmp_path / 'lamps.db'}")
    for statement in create_statements([schema_of(Lamp._meta), schema_of(Permit._meta)], get_dialect("sqlite")):
        await get_database().execute(statement)
    _ = await Lamp.objects.create(name="secret lamp")
    await Permit.objects.bulk_create([Permit(username="ann", action=action) for action in ("read", "create")])
    made = Permits()
    before = set_checker(made)
    yield made
    set_checker(before)
    await close_db()


@pytest.fixture
def app(checker: Permits) -> OpenViper:
    made = OpenViper(
        debug=False, middleware=[lambda inner: AuthenticationMiddleware(inner, backends=[HeaderBackend()])]
    )

    @made.get("/lamps")
    async def lamps() -> list[str]:
        return [lamp.name async for lamp in Lamp.objects.filter(name="secret lamp")]

    @made.post("/lamps")
    async def change(request: Request) -> int:
        return await Lamp.objects.filter(name="secret lamp").update(name="other")

    @made.get("/total")
    async def total() -> dict[str, int]:
        async with bypass_permissions(reason="everybody sees how many there are"):
            here, child = await asyncio.gather(Lamp.objects.count(), Lamp.objects.count())
        return {"total": here, "child": child}

    @made.get("/careless")
    async def careless() -> int:
        ignore_permissions_ctx.set(True)
        bypass_permissions().__enter__()
        return await Lamp.objects.count()

    return made


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_refusal_is_a_403(app: OpenViper, checker: Permits, method: str) -> None:
    """As JSON, as a problem document and as a page: what was refused of which model, and no value (C-011ua)."""
    action = {"GET": "read", "POST": "update"}[method]
    async with TestClient(app) as client:
        headers = {"x-user": "bob"}
        plain = await client.request(method, "/lamps", headers=headers)
        page = await client.request(method, "/lamps", headers=headers | BROWSER)
        problem = await client.request(method, "/lamps", headers=headers | {"accept": "application/problem+json"})
    assert [one.status_code for one in (plain, page, problem)] == [403] * 3
    assert plain.json() == {"detail": f"No permission to {action} Lamp."}
    assert problem.json()["detail"] == f"No permission to {action} Lamp."
    assert f"No permission to {action} Lamp." in page.text
    assert page.headers["content-type"].startswith("text/html")
    assert not any("secret lamp" in one.text or "orm_" in one.text for one in (plain, page, problem))


async def test_requests_share_nothing(app: OpenViper, checker: Permits) -> None:
    """A block, its child tasks and a variable left behind matter to one request only (C-006, C-007, C-011ub)."""
    async with TestClient(app) as client:

        async def ask(number: int) -> tuple[int, int, int]:
            headers = {"x-user": ("ann", "bob")[number % 2]}
            total = await client.get("/total", headers=headers)
            careless = await client.get("/careless", headers=headers)
            lamps = await client.get("/lamps", headers=headers)
            return total.status_code, careless.status_code, lamps.status_code

        found = await asyncio.gather(*(ask(number) for number in range(REQUESTS)))
    assert found == [(200, 200, (200, 403)[number % 2]) for number in range(REQUESTS)]
    with pytest.raises(ModelPermissionError):
        await as_user("bob")
    assert checker.looked_up <= REQUESTS


async def test_permits_that_change_while_requests_run(app: OpenViper, checker: Permits) -> None:
    """What is given counts from the next statement on, and so does what is taken (C-011ub)."""
    async with TestClient(app) as client:
        headers = {"x-user": "bob"}
        assert (await client.get("/lamps", headers=headers)).status_code == 403
        permit = await Permit.objects.create(username="bob", action="read")
        permissions_changed()
        running = [client.get("/lamps", headers=headers) for _ in range(20)]
        assert {one.status_code for one in await asyncio.gather(*running)} == {200}
        await permit.delete()
        permissions_changed()
        assert (await client.get("/lamps", headers=headers)).status_code == 403
        assert (await client.get("/lamps", headers={"x-user": "ann"})).json() == ["secret lamp"]


async def as_user(name: str) -> int:
    token = current_user.set(Member(name))
    try:
        return await Lamp.objects.count()
    finally:
        current_user.reset(token)
