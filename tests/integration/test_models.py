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
