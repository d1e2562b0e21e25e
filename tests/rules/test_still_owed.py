"""A request may end without its money only if nobody is owed anything then."""

import pytest

from rules.aftersales import RefundableLine
from rules.orders import OrderStatus
from rules.still_owed import (
    AskedLine,
    HandRefused,
    MoneyStillOwed,
    NothingToSend,
    UnitsStillOwed,
    check_may_end_unpaid,
    check_may_refund_by_hand,
    check_may_send,
    ways_out,
)


def asked(
    units: int, *, sent: int, refunded: int = 0, elsewhere: int = 0, left_fen: int = 0
) -> AskedLine:
    """A line of three units over 300 fen, of which a request asks for some back."""
    return AskedLine(
        left=RefundableLine(
            order_line_id=1,
            goods_fen=300,
            quantity=3,
            refunded_fen=300 - left_fen,
            refunded_quantity=refunded,
            asked_quantity=elsewhere,
        ),
        asked_quantity=units,
        sent_quantity=sent,
    )


@pytest.mark.parametrize(
    ("line", "unsent"),
    [
        pytest.param(asked(1, sent=2), 1, id="the parcel went without it"),
        pytest.param(asked(3, sent=0), 3, id="the whole line was left out"),
        pytest.param(asked(1, sent=3), 0, id="all was sent"),
        pytest.param(asked(1, sent=2, refunded=1), 0, id="a sent one was refunded instead"),
        pytest.param(asked(1, sent=2, elsewhere=1), 0, id="another request asks for as many"),
        pytest.param(asked(0, sent=2), 0, id="a claim asks for no units"),
    ],
)
def test_units_that_are_paid_for_and_were_never_sent(line: AskedLine, unsent: int) -> None:
    for status in (OrderStatus.SHIPPED, OrderStatus.RECEIVED):
        ways = ways_out(status, [line], was_closed=True, takes_wechat=True)
        assert ways.unsent_quantity == unsent
        assert ways.may_reject is not bool(unsent)
        assert ways.may_send is (bool(unsent) and status is OrderStatus.SHIPPED)
    waiting = ways_out(OrderStatus.PAID, [line], was_closed=True, takes_wechat=True)
    assert waiting.may_reject, "it goes with the parcel"
    assert not waiting.may_send


def test_the_last_money_of_a_line_that_is_gone_is_owed_by_its_claim_only() -> None:
    claim = asked(0, sent=0, refunded=3, left_fen=72)
    ways = ways_out(OrderStatus.PAID, [claim], was_closed=True, takes_wechat=True)
    with pytest.raises(MoneyStillOwed):
        check_may_end_unpaid(ways)
    for harmless in (
        asked(0, sent=0, refunded=2, left_fen=172),
        asked(0, sent=0, refunded=3),
        asked(1, sent=0, refunded=2, left_fen=172),
    ):
        check_may_end_unpaid(
            ways_out(OrderStatus.PAID, [harmless], was_closed=True, takes_wechat=True)
        )


def test_what_is_refused() -> None:
    line = asked(1, sent=2)
    ways = ways_out(OrderStatus.RECEIVED, [line], was_closed=False, takes_wechat=True)
    with pytest.raises(UnitsStillOwed):
        check_may_end_unpaid(ways)
    with pytest.raises(NothingToSend):
        check_may_send(ways)
    with pytest.raises(HandRefused):
        check_may_refund_by_hand(ways)
    check_may_send(ways_out(OrderStatus.SHIPPED, [line], was_closed=True, takes_wechat=True))


@pytest.mark.parametrize(("was_closed", "takes_wechat"), [(True, True), (False, False)])
def test_by_hand_where_wechat_failed_or_takes_no_more(
    *, was_closed: bool, takes_wechat: bool
) -> None:
    check_may_refund_by_hand(
        ways_out(OrderStatus.PAID, [], was_closed=was_closed, takes_wechat=takes_wechat)
    )
