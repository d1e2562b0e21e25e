"""Distributors who are there when a journey begins: they follow, the rest is done by workflows."""

from dataclasses import dataclass
from itertools import count

from sqlalchemy import select

from models.people import WeChatUser
from models.policies import Grade
from models.referrals import ReferralCode
from rules.bindings import TouchSource
from tests.journeys.stage import Stage
from tests.sandbox_client import Phone
from workflows.distributors.apply import ApplicationDraft, apply_to_join
from workflows.distributors.decide import approve_application
from workflows.ledger import balances
from workflows.referrals.touch import Presented, record_touch

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """An approved distributor with a phone."""

    stage: Stage
    phone: Phone
    distributor_id: int
    code: str

    @property
    def link(self) -> str:
        """Her referral link."""
        return f"{self.stage.url}/r/{self.code}"

    def holds(self) -> dict[str, int]:
        """Return her accounts in fen, without zeros."""
        with self.stage.sessions.read() as session:
            held = balances(session, self.distributor_id)
        return {kind.value: balance for kind, balance in held.items() if balance}


def seller(
    stage: Stage, name: str, *, phone_id: str | None = None, inviter: Seller | None = None
) -> Seller:
    """A distributor who followed, said hello (so she can be written to) and was approved."""
    phone = stage.sandbox.add_phone(name, phone_id=phone_id)
    stage.sandbox.follow(phone)
    stage.sandbox.say(phone, "你好")
    stage.sandbox.settle()
    now = stage.parts.now()
    with stage.sessions.read() as session:
        person_id = session.scalars(
            select(WeChatUser.id).where(WeChatUser.openid == phone.openid)
        ).one()
        grade_id = session.scalars(select(Grade.id).order_by(Grade.id)).first()
        assert grade_id is not None
    if inviter is not None:
        scan = Presented(code=inviter.code, source=TouchSource.SUBSCRIBE)
        record_touch(stage.sessions, person_id, scan, now)
    draft = ApplicationDraft(
        wechat_user_id=person_id,
        name=name,
        phone=f"138{next(_numbers):08d}",
        province_code="330000",
        city_code="330100",
    )
    application_id = apply_to_join(stage.sessions, draft, now)
    distributor_id = approve_application(
        stage.sessions, application_id, grade_id=grade_id, actor=stage.owner, now=now
    )
    with stage.sessions.read() as session:
        code = session.scalars(
            select(ReferralCode.code).where(ReferralCode.distributor_id == distributor_id)
        ).one()
    return Seller(stage=stage, phone=phone, distributor_id=distributor_id, code=code)
