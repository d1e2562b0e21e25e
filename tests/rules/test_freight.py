"""Freight goes back once, in whatever order parts of an order are accepted and closed."""

from hypothesis import given
from hypothesis import strategies as st

from rules.aftersales import Freight, freight_back

PAID_FEN = 1_000
PARTS = 3
STEPS = st.lists(
    st.tuples(st.integers(0, PARTS - 1), st.booleans(), st.none() | st.integers(0, PAID_FEN)),
    max_size=30,
)


@given(steps=STEPS)
def test_an_unshipped_order_gives_its_freight_back_once(
    steps: list[tuple[int, bool, int | None]],
) -> None:
    back: dict[int, int] = {}
    # Whatever happened before, in the end every part is accepted.
    for part, is_closed, said_fen in [*steps, *((part, False, None) for part in range(PARTS))]:
        if is_closed:
            # WeChat closes its refund: units and freight are the buyer's order again.
            back.pop(part, None)
        elif part not in back:
            freight = Freight(
                paid_fen=PAID_FEN,
                refunded_fen=sum(back.values()),
                has_shipped=False,
                is_everything_back=len(back) == PARTS - 1,
            )
            said = None if said_fen is None else min(said_fen, freight.left_fen)
            back[part] = freight_back(freight, said)
        assert sum(back.values()) <= PAID_FEN
        assert len(back) < PARTS or sum(back.values()) == PAID_FEN
