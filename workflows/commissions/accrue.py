"""Post the commission of a paid order as estimated."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.commissions import LineCommission
from models.distributors import Distributor
from models.orders import Order
from rules.commission import Beneficiary, CommissionStage, Eligibility, judge_eligibility
from rules.commission_postings import Holdings, change_postings
from rules.ledger import TransactionKind
from workflows.commissions.lines import (
    LineShare,
    lock_shares,
    move_stage,
    sums_by_distributor,
    write_changes,
)
from workflows.commissions.notices import tell_sale
from workflows.ledger import Occasion, post
from workflows.policies import policy_by_id


def accrue(session: Session, order: Order, now: datetime) -> None:
    """Judge once who is eligible, post what each line earns as estimated, and tell them. A step.

    Called in the transaction that makes the order paid. Done before means nothing is done now.
    """
    shares = lock_shares(session, order.id)
    if not shares or any(share.is_eligible is not None for share in shares):
        return
    judged = _judge(session, order, shares, now)
    eligible = tuple(
        replace(share, is_eligible=True)
        for share in shares
        if judged[share.distributor_id].is_eligible
    )
    move_stage(session, [share.id for share in eligible], CommissionStage.ESTIMATED)
    earning = [share for share in eligible if share.delta_fen]
    if earning:
        postings = [
            posting
            for share in earning
            for posting in change_postings(
                share.distributor_id,
                share.delta_fen,
                Holdings(stage=CommissionStage.ESTIMATED, stage_fen=0, available_fen=0),
            )
        ]
        occasion = Occasion(
            kind=TransactionKind.COMMISSION_ESTIMATED,
            key=f"estimate:{order.id}",
            occurred_at=now,
            order_id=order.id,
        )
        write_changes(session, earning, post(session, occasion, postings))
    earned = sums_by_distributor((share.distributor_id, share.target_fen) for share in eligible)
    if earned:
        tell_sale(session, order.id, earned, now)


def _judge(
    session: Session, order: Order, shares: tuple[LineShare, ...], now: datetime
) -> dict[int, Eligibility]:
    policy = policy_by_id(session, order.policy_version_id)
    judged: dict[int, Eligibility] = {}
    for distributor in session.scalars(
        select(Distributor).where(Distributor.id.in_({share.distributor_id for share in shares}))
    ):
        verdict = judge_eligibility(
            Beneficiary(
                status=distributor.status,
                authorised_until=distributor.authorised_until,
                is_buyer=distributor.wechat_user_id == order.wechat_user_id,
            ),
            now,
            policy,
        )
        judged[distributor.id] = verdict
        session.execute(
            update(LineCommission)
            .where(
                LineCommission.order_id == order.id,
                LineCommission.distributor_id == distributor.id,
            )
            .values(is_eligible=verdict.is_eligible, eligibility_reason=verdict.reason)
            .execution_options(synchronize_session=False)
        )
    return judged
