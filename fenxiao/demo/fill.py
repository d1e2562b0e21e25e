"""`python -m fenxiao.demo.fill SANDBOX_URL`: fill an empty demo by calling workflows.

Time is passed down to every workflow, so the weeks behind us are made like any other: the
sandbox's clock is set to each moment, and payments go through it over HTTP.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from sqlalchemy import event, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from fenxiao.demo.desk import waiting_work
from fenxiao.demo.goods import GOODS
from fenxiao.demo.history import History, live_through
from fenxiao.demo.lessons import teach_and_share
from fenxiao.demo.people import (
    FINANCE,
    FOLLOWERS,
    OWNER,
    PASSWORD,
    SELLERS,
    nickname,
)
from fenxiao.demo.platform import Sandbox
from fenxiao.migrating import migrate
from fenxiao.settings import load
from fenxiao.wiring import connect, database_url, open_sessions
from models.catalogue import Product
from models.database import SessionFactory
from models.distributors import Distributor
from models.policies import Grade
from models.referrals import ReferralCode
from models.staff import StaffMember
from rules.bindings import TouchSource
from rules.staff import Role
from web.collaborators import Collaborators
from workflows.audit import StaffActor
from workflows.catalogue import ProductDraft, create_product
from workflows.clock import real_now
from workflows.distributors.apply import ApplicationDraft, apply_to_join
from workflows.distributors.decide import approve_application
from workflows.people import follow, know
from workflows.pictures import keep_picture
from workflows.policies import install_programme
from workflows.referrals.touch import Presented, record_touch
from workflows.staff.add import StaffDraft, add_staff

PICTURES = Path(__file__).resolve().parents[2] / "static" / "demo"
WEEKS = timedelta(days=35)
RECRUITING = timedelta(days=3)
SYSTEM = StaffActor(staff_id=None, role=Role.OWNER, address="demo")


def main(sandbox_url: str) -> None:
    """Migrate, install the programme, and fill the shop unless an earlier demo did."""
    settings = load()
    migrate(database_url(settings))
    sessions = open_sessions(settings)
    # Waiting for the disk after each of thousands of steps would take most of the time; what is
    # interrupted is thrown away anyway.
    event.listen(sessions.engine, "connect", _do_not_wait_for_the_disk)
    now = real_now()
    beginning = now - WEEKS
    install_programme(sessions, settings.programme.policy(), beginning)
    with sessions.read() as session:
        is_filled = session.scalar(select(Product.id).limit(1)) is not None
    if not is_filled:
        _fill(connect(settings, sessions), Sandbox(url=sandbox_url), beginning, now)
    sessions.dispose()


def _do_not_wait_for_the_disk(connection: Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _fill(parts: Collaborators, sandbox: Sandbox, beginning: datetime, now: datetime) -> None:
    sessions = parts.sessions
    owner = hire(sessions, beginning)
    stock_shop(sessions, owner, beginning)
    sellers = _recruit(sessions, sandbox, owner, beginning)
    followers = _gather(sessions, sandbox, beginning)
    lessons = teach_and_share(sessions, owner, sellers, beginning + RECRUITING)
    history = History(
        parts=parts,
        sandbox=sandbox,
        owner=owner,
        sellers=sellers,
        followers=followers,
        shares=lessons,
        beginning=beginning,
        end=now,
    )
    live_through(history, waiting_work(history))
    sandbox.set_offset(0)


def hire(sessions: SessionFactory, now: datetime) -> StaffActor:
    """Add the owner and a second person, for what two people must approve."""
    for login, name, role in ((OWNER, "店主", Role.OWNER), (FINANCE, "财务", Role.FINANCE)):
        draft = StaffDraft(login=login, name=name, role=role, password=PASSWORD)
        add_staff(sessions, draft, actor=SYSTEM, now=now)
    with sessions.read() as session:
        owner_id = session.scalars(select(StaffMember.id).where(StaffMember.login == OWNER)).one()
    return StaffActor(staff_id=owner_id, role=Role.OWNER, address="127.0.0.1")


def stock_shop(sessions: SessionFactory, owner: StaffActor, now: datetime) -> None:
    """Put the brand's products on sale."""
    for position, good in enumerate(GOODS):
        picture_id = keep_picture(
            sessions, (PICTURES / f"product-{good.slug}.jpg").read_bytes(), now
        )
        create_product(
            sessions,
            ProductDraft(
                slug=good.slug,
                name=good.name,
                tagline=good.tagline,
                description=good.description,
                product_line=good.line,
                picture_id=picture_id,
                position=position,
                skus=good.skus,
            ),
            actor=owner,
            now=now,
        )


def _recruit(
    sessions: SessionFactory, sandbox: Sandbox, owner: StaffActor, beginning: datetime
) -> tuple[str, ...]:
    """Let every seller follow, apply and be approved; return their referral codes."""
    with sessions.read() as session:
        grades = {code: id_ for id_, code in session.execute(select(Grade.id, Grade.code))}
    codes: list[str] = []
    for position, seller in enumerate(SELLERS):
        now = beginning + timedelta(hours=2 * position)
        openid = sandbox.add_follower(f"seller-{position + 1}", seller.name)
        with sessions.begin() as session:
            person_id = _follow(session, openid, now)
        if seller.inviter is not None:
            scan = Presented(code=codes[seller.inviter], source=TouchSource.SUBSCRIBE)
            record_touch(sessions, person_id, scan, now)
        draft = ApplicationDraft(
            wechat_user_id=person_id,
            name=seller.name,
            phone=f"1380000{position:04d}",
            province_code=f"{seller.city[:2]}0000",
            city_code=seller.city,
        )
        application_id = apply_to_join(sessions, draft, now + timedelta(minutes=5))
        distributor_id = approve_application(
            sessions,
            application_id,
            grade_id=grades[seller.grade],
            actor=owner,
            now=now + timedelta(minutes=30),
        )
        with sessions.read() as session:
            codes.append(_code_of(session, distributor_id))
    return tuple(codes)


def _gather(
    sessions: SessionFactory, sandbox: Sandbox, beginning: datetime
) -> tuple[tuple[str, int], ...]:
    """Let the followers follow; return (phone in the sandbox, our id) of each."""
    gathered: list[tuple[str, int]] = []
    for position in range(FOLLOWERS):
        phone_id = f"fan-{position + 1}"
        openid = sandbox.add_follower(phone_id, nickname(position))
        with sessions.begin() as session:
            now = beginning + timedelta(hours=3 * position)
            gathered.append((phone_id, _follow(session, openid, now)))
    return tuple(gathered)


def _follow(session: Session, openid: str, now: datetime) -> int:
    person = know(session, openid, now)
    follow(person, now)
    return person.id


def _code_of(session: Session, distributor_id: int) -> str:
    return session.scalars(
        select(ReferralCode.code)
        .join(Distributor, Distributor.id == ReferralCode.distributor_id)
        .where(Distributor.id == distributor_id)
    ).one()


if __name__ == "__main__":
    main(sys.argv[1])
