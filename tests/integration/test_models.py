"""Models in a project: found by setup, and refused values on their way to a client."""

from openviper import OpenViper, Request
from openviper.db import Model, fields
from openviper.db.registry import registry
from openviper.testing import TestClient


async def test_refused_instance_is_a_422() -> None:
    """A handler that validates an instance need not catch anything: the client is told every field."""
    with registry.isolated():

        class Parcel(Model):
            name = fields.CharField(max_length=5)
            weight = fields.IntegerField()

    app = OpenViper()

    @app.post("/parcels")
    async def create(request: Request) -> dict[str, object]:
        parcel = Parcel(**await request.json())
        parcel.full_clean()
        return parcel.to_dict()

    async with TestClient(app) as client:
        refused = await client.post("/parcels", json={"name": "too long", "weight": True})
        accepted = await client.post("/parcels", json={"name": "box", "weight": "3"})

    assert refused.status_code == 422
    faults = refused.json()["detail"]
    assert [(fault["field"], fault["in"]) for fault in faults] == [("name", "model"), ("weight", "model")]
    assert accepted.json() == {"id": None, "name": "box", "weight": 3}


async def test_rows_that_are_no_data_say_what_is() -> None:
    """A handler that answers with instances, or with rows that it did not read, fails and says what to write."""
    with registry.isolated():

        class Crate(Model):
            name = fields.CharField(max_length=5)

    app = OpenViper(debug=True)

    @app.get("/one")
    async def one() -> object:
        return {"crate": Crate(name="box")}

    @app.get("/many")
    async def many() -> object:
        return Crate.objects.filter(name="box")

    @app.get("/none")
    async def none() -> object:
        return Crate.objects

    async with TestClient(app, headers={"accept": "text/html"}) as client:
        for path, text in (
            ("/one", "Crate is not JSON serializable; write its to_dict(), or read rows as data: await rows.values()"),
            ("/many", "QuerySet is not JSON serializable; it has to be awaited: await rows.values() gives its rows"),
            ("/none", "Manager is not JSON serializable; it has rows that have not been read: await rows.values()"),
        ):
            answer = await client.get(path)
            assert answer.status_code == 500
            assert text in answer.text
