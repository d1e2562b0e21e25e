"""A distributor's own pages: inbox, lessons, materials with her QR."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from models.database import SessionFactory
from models.materials import Material, MaterialShare
from models.people import WeChatUser
from models.training import CampaignRecipient, InboxMessage
from rules.materials import MaterialStatus
from tests.factories.distributors import make_distributor
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from tests.factories.training import make_campaign, make_lesson, make_material
from tests.storefront.application import make_app, visit_as
from workflows.campaigns.start import start_due
from workflows.clock import business_now
from workflows.inbox import InboxNote, keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Two distributors; a lesson was pushed to both, one material is current."""

    sessions: SessionFactory
    now: datetime
    her: FlaskClient
    other: FlaskClient
    her_id: int
    code: str

    def recipients(self) -> list[CampaignRecipient]:
        with self.sessions.read() as session:
            return list(session.scalars(select(CampaignRecipient).order_by(CampaignRecipient.id)))

    def shares(self) -> list[MaterialShare]:
        with self.sessions.read() as session:
            return list(session.scalars(select(MaterialShare).order_by(MaterialShare.id)))


@pytest.fixture
def shop(sqlite_sessions: SessionFactory) -> Shop:
    start_programme(sqlite_sessions)
    now = business_now(sqlite_sessions)
    with sqlite_sessions.begin() as session:
        her, other = make_distributor(session), make_distributor(session)
        code = make_code(session, her)
        make_code(session, other)
        make_campaign(session, now)
        make_lesson(session)
        make_material(session)
        people = [session.get_one(WeChatUser, each.wechat_user_id) for each in (her, other)]
    start_due(sqlite_sessions, now)
    app = make_app(sqlite_sessions)
    return Shop(
        sessions=sqlite_sessions,
        now=now,
        her=visit_as(app, people[0]),
        other=visit_as(app, people[1]),
        her_id=her.id,
        code=code,
    )


def test_her_own_link_counts_as_opened_and_nobody_elses(shop: Shop) -> None:
    hers, others = shop.recipients()
    assert shop.other.get(f"/d/lessons/1?p={hers.id}").status_code == 200
    assert shop.her.get("/d/lessons/1?p=junk").status_code == 200
    assert [row.opened_at for row in shop.recipients()] == [None, None]
    page = shop.her.get(f"/d/lessons/1?p={hers.id}").get_data(as_text=True)
    assert "第二步，舒缓补水。" in page
    assert [row.opened_at is not None for row in shop.recipients()] == [True, False]
    assert others.id != hers.id


def test_a_lesson_that_was_not_pushed_to_her_is_not_hers(shop: Shop) -> None:
    assert shop.her.get("/d/lessons/2").status_code == 404
    assert shop.her.get("/d/lessons/99").status_code == 404
    page = shop.her.get("/d/lessons").get_data(as_text=True)
    assert page.count("lesson-row-main") == 1
    assert "未学习" in page


def test_the_inbox_shows_why_and_marks_what_was_opened(shop: Shop) -> None:
    assert "收件箱是空的" in shop.her.get("/d/inbox").get_data(as_text=True)
    with shop.sessions.begin() as session:
        for number, path in enumerate(("/d/commissions", None)):
            note = InboxNote(
                key=str(number),
                distributor_id=shop.her_id,
                title=f"新订单{number}",
                body="预计佣金 ¥12.40",
                path=path,
                kept_because="窗口已关闭",
            )
            keep(session, note, shop.now)
    page = shop.her.get("/d/inbox").get_data(as_text=True)
    assert page.count("窗口已关闭") == 2
    assert page.count("未读") == 2
    assert shop.other.get("/d/inbox/1").status_code == 404
    assert shop.her.get("/d/inbox/1").headers["Location"] == "/d/commissions"
    assert "预计佣金" in shop.her.get("/d/inbox/2").get_data(as_text=True)
    with shop.sessions.read() as session:
        assert all(row.opened_at for row in session.scalars(select(InboxMessage)))


def test_a_material_has_her_qr_and_the_copy_her_link(shop: Shop) -> None:
    assert "双十一精华海报" in shop.her.get("/d/materials").get_data(as_text=True)
    page = shop.her.get("/d/materials/1").get_data(as_text=True)
    (share,) = shop.shares()
    link = f"http://localhost/r/{shop.code}?s={share.token}"
    assert f'data-copy="熬夜脸的救星，一瓶透亮！今晚下单立减。\n{link}"' in page
    shop.her.get("/d/materials/1")
    assert len(shop.shares()) == 1, "another look is no other share"
    picture = shop.her.get(f"/d/shares/{share.token}.jpg")
    (drawn,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    assert drawn.text == link
    assert shop.other.get(f"/d/shares/{share.token}.jpg").status_code == 404


def test_another_group_gets_another_share(shop: Shop) -> None:
    shop.her.get("/d/materials/1")
    assert shop.her.post("/d/materials/1/shares").status_code == 303
    first, second = shop.shares()
    page = shop.her.get("/d/materials/1").get_data(as_text=True)
    assert f"/d/shares/{second.token}.jpg" in page
    assert first.token[:4].upper() in page


def test_a_recalled_material_is_gone(shop: Shop) -> None:
    shop.her.get("/d/materials/1")
    (share,) = shop.shares()
    with shop.sessions.begin() as session:
        session.scalars(select(Material)).one().status = MaterialStatus.RECALLED
    assert "还没有素材" in shop.her.get("/d/materials").get_data(as_text=True)
    for path in ("/d/materials/1", f"/d/shares/{share.token}.jpg"):
        answer = shop.her.get(path)
        assert answer.status_code == 422
        assert "撤回" in answer.get_data(as_text=True)
    assert shop.her.get("/d/materials/99").status_code == 404
    assert shop.her.post("/d/materials/99/shares").status_code == 404
