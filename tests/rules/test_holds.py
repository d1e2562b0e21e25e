"""What a hold takes, and where it goes back to."""

import pytest

from rules.commission import CommissionStage
from rules.holds import (
    EDGES,
    HoldableLine,
    HoldRefused,
    HoldStatus,
    choose_lines,
    may_become,
    stage_after,
)

ESTIMATED, MATURING = CommissionStage.ESTIMATED, CommissionStage.MATURING
RELEASED, HELD = CommissionStage.RELEASED, CommissionStage.HELD


def line(
    number: int, stage: CommissionStage, posted_fen: int = 500, *, owner: int = 1
) -> HoldableLine:
    return HoldableLine(id=number, distributor_id=owner, stage=stage, posted_fen=posted_fen)


@pytest.mark.parametrize(
    ("lines", "available", "taken"),
    [
        ([line(1, ESTIMATED), line(2, MATURING)], {}, [1, 2]),
        ([line(1, RELEASED), line(2, RELEASED)], {1: 1_000}, [1, 2]),
        ([line(1, RELEASED), line(2, RELEASED)], {1: 999}, [1]),
        ([line(1, RELEASED, 600), line(2, RELEASED, 400)], {1: 500}, [2]),
        ([line(1, RELEASED), line(2, RELEASED, owner=2)], {1: 0, 2: 500}, [2]),
        ([line(1, MATURING, 0), line(2, MATURING, 1)], {}, [2]),
        ([line(1, HELD), line(2, MATURING)], {}, [2]),
    ],
)
def test_a_hold_takes_what_is_whole(
    lines: list[HoldableLine], available: dict[int, int], taken: list[int]
) -> None:
    assert [chosen.id for chosen in choose_lines(lines, available)] == taken


@pytest.mark.parametrize(
    "lines", [[], [line(1, RELEASED)], [line(1, HELD)], [line(1, MATURING, 0)]]
)
def test_nothing_is_left_to_hold(lines: list[HoldableLine]) -> None:
    with pytest.raises(HoldRefused):
        choose_lines(lines, {1: 499})


def test_a_line_goes_back_to_where_its_order_is_now() -> None:
    assert stage_after(ESTIMATED, is_received=False) is ESTIMATED
    assert stage_after(ESTIMATED, is_received=True) is MATURING
    assert stage_after(MATURING, is_received=True) is MATURING
    assert stage_after(RELEASED, is_received=True) is RELEASED


def test_a_hold_ends_once() -> None:
    assert may_become(HoldStatus.RELEASED) == (HoldStatus.OPEN,)
    assert may_become(HoldStatus.REVOKED) == (HoldStatus.OPEN,)
    assert not EDGES[HoldStatus.RELEASED] | EDGES[HoldStatus.REVOKED]
