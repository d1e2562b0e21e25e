"""The names of what staff changed: asked for all kinds at once, on both databases."""

from models.aftersales import AfterSalesRequest
from models.database import SessionFactory
from models.orders import Order
from queries.audit_names import READINGS, ThingName, names_of
from tests.console.conftest import World

ODD = [("order", "x"), ("order", "９"), ("order", "-1"), ("order", "9" * 40), ("dream", "1")]


def test_things_are_called_what_people_call_them(sessions: SessionFactory, world: World) -> None:
    wanted = [(kind, "1") for kind in READINGS] + ODD
    with sessions.read() as session:
        found = names_of(session, wanted)
        number = session.get_one(Order, 1).number
        request = session.get_one(AfterSalesRequest, 1)
        assert found["order", "1"] == ThingName(name=number, page_id="1")
        asked = session.get_one(Order, request.order_id).number
    assert found["after_sales", "1"].name == f"{asked}-1"
    for kind in ("distributor", "payout", "sku", "staff"):
        assert found[kind, "1"].name
        assert found[kind, "1"].detail, kind
    assert found["product", "1"].page_id == str(world.sku_id)
    assert found["staff", "1"].page_id is None
    assert {"application", "hold", "grade"} <= {kind for kind, _ in found}
    assert not set(ODD) & set(found)
