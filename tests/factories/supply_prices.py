"""Supply prices."""

from sqlalchemy.orm import Session

from models.catalogue import Sku
from models.supply_prices import SupplyPrice
from tests.factories.people import LONG_AGO
from tests.factories.policies import grade_id


def make_supply_price(
    session: Session, sku: Sku, supply_fen: int, *, grade: str = "copper"
) -> SupplyPrice:
    """A SKU's supply price for a grade, in force for long."""
    row = SupplyPrice(
        sku_id=sku.id,
        grade_id=grade_id(session, grade),
        supply_fen=supply_fen,
        effective_at=LONG_AGO,
    )
    session.add(row)
    session.flush()
    return row
