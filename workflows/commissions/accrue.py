"""Post the commission of a paid order as estimated."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import case, literal, update
from sqlalchemy.orm import Session

from models.commissions import CommissionState
from models.distributors import Distributor
from models.orders import Order
from rules.commission import Beneficiary, CommissionStage, Eligibility, judge_eligibility
from rules.commission_postings import Holdings, change_postings
from rules.ledger import TransactionKind
from workflows.commissions.lines import (
    LineShare,
    lock_shares,
    sums_by_distributor,
    write_postings,
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
    beneficiaries = {share.distributor_id: share.distributor for share in shares}
    judged = _judge(session, order, beneficiaries.values(), now)
    shares = tuple(
        replace(share, is_eligible=judged[share.distributor_id].is_eligible) for share in shares
    )
    eligible = tuple(share for share in shares if share.is_eligible)
    _write_verdicts(session, shares, judged)
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
        write_postings(session, earning, post(session, occasion, postings))
    earned = sums_by_distributor((share.distributor_id, share.target_fen) for share in eligible)
    if earned:
        people = {owner: each.wechat_user_id for owner, each in beneficiaries.items()}
        tell_sale(session, order, earned, people, now)


def _judge(
    session: Session, order: Order, beneficiaries: Iterable[Distributor], now: datetime
) -> dict[int, Eligibility]:
    policy = policy_by_id(session, order.policy_version_id)
    return {
        distributor.id: judge_eligibility(
            Beneficiary(
                status=distributor.status,
                authorised_until=distributor.authorised_until,
                is_buyer=distributor.wechat_user_id == order.wechat_user_id,
            ),
            now,
            policy,
        )
        for distributor in beneficiaries
    }


def _write_verdicts(
    session: Session,
    shares: tuple[LineShare, ...],
    judged: Mapping[int, Eligibility],
) -> None:
    """Write who is eligible, and what each share has earned, in one statement."""
    owner, share_id = CommissionState.distributor_id, CommissionState.line_commission_id
    stage = CommissionState.stage
    earns = [each for each, verdict in judged.items() if verdict.is_eligible]
    session.execute(
        update(CommissionState)
        .where(owner.in_(judged), share_id.in_([share.id for share in shares]))
        .values(
            ineligible_reason=case(
                {
                    each: "" if verdict.is_eligible else verdict.reason
                    for each, verdict in judged.items()
                },
                value=owner,
            ),
            stage=case(
                (owner.in_(earns), literal(CommissionStage.ESTIMATED, stage.type)),
                else_=stage,
            ),
            posted_fen=case({share.id: share.target_fen for share in shares}, value=share_id),
        )
        .execution_options(synchronize_session=False)
    )
