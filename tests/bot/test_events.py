"""Every kind of message and event, and what it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from models.database import SessionFactory
from models.distributors import Distributor
from models.people import ChatInteraction, InboundEvent, WeChatUser
from models.referrals import Binding, ReferralCode, Touch
from rules.bindings import TouchSource, TouchVerdict
from rules.chat_window import InteractionKind
from rules.distributors import DistributorStatus
from tests.bot.conftest import distributor_with
from tests.bot.phone import Phone
from workflows.clock import move_clock


def person_of(sessions: SessionFactory, phone: Phone) -> WeChatUser:
    with sessions.read() as session:
        return session.scalars(select(WeChatUser).where(WeChatUser.openid == phone.openid)).one()


def code_of(sessions: SessionFactory) -> str:
    with sessions.read() as session:
        return session.scalars(select(ReferralCode.code)).one()


def kinds(sessions: SessionFactory) -> set[InteractionKind]:
    with sessions.read() as session:
        return set(session.scalars(select(ChatInteraction.kind)))


def test_an_unknown_text_gets_a_helpful_menu(sessions: SessionFactory, phone: Phone) -> None:
    reply = phone.say("今天天气真好")
    assert "还没学会" in reply
    assert "回复“加入”" in reply
    assert '<a href="http://localhost/">漱玉商城</a>' in reply
    assert person_of(sessions, phone).is_following
    assert kinds(sessions) == {InteractionKind.MESSAGE}


def test_a_distributor_gets_her_own_menu(seller: Phone) -> None:
    reply = seller.say("？？")
    assert "我的推广码" in reply
    assert "加入" not in reply


def test_following_without_a_code_is_a_welcome(sessions: SessionFactory, phone: Phone) -> None:
    reply = phone.happen("subscribe")
    assert reply.startswith("您好，欢迎来到漱玉！")
    assert "推荐而来" not in reply
    assert kinds(sessions) == {InteractionKind.SUBSCRIBE}


def test_following_by_a_code_binds_and_names_who_invited(
    sessions: SessionFactory, phone: Phone, seller: Phone
) -> None:
    reply = phone.happen("subscribe", f"qrscene_{code_of(sessions)}")
    assert "您由 小满 推荐而来" in reply
    with sessions.read() as session:
        touch = session.scalars(select(Touch)).one()
        binding = session.scalars(select(Binding)).one()
    assert (touch.source, touch.verdict) == (TouchSource.SUBSCRIBE, TouchVerdict.BOUND)
    assert binding.wechat_user_id == person_of(sessions, phone).id
    assert binding.distributor_id == distributor_with(sessions, seller).id


def test_following_by_a_code_that_nobody_has_is_a_welcome_and_a_refused_touch(
    sessions: SessionFactory, phone: Phone
) -> None:
    assert "欢迎来到漱玉" in phone.happen("subscribe", "qrscene_ZZZZZZZZ")
    with sessions.read() as session:
        assert session.scalars(select(Touch.verdict)).one() is TouchVerdict.REFUSED_UNKNOWN_CODE
        assert session.scalar(select(func.count()).select_from(Binding)) == 0


def test_a_scan_says_what_it_did(sessions: SessionFactory, phone: Phone, seller: Phone) -> None:
    code = code_of(sessions)
    assert "小满 正在为您服务" in phone.happen("SCAN", code)
    assert "这是您自己的推广码" in seller.happen("SCAN", code)
    assert "已失效" in phone.happen("SCAN", "ZZZZZZZZ")
    assert kinds(sessions) == {InteractionKind.SCAN}


def test_leaving_closes_the_windows_and_coming_back_opens_one(
    sessions: SessionFactory, phone: Phone
) -> None:
    phone.say("你好")
    assert phone.happen("unsubscribe") == ""
    left = person_of(sessions, phone)
    assert not left.is_following
    assert left.unfollowed_at is not None
    assert kinds(sessions) == set()
    assert "欢迎" in phone.happen("subscribe")
    assert person_of(sessions, phone).is_following


def test_a_menu_click_is_its_command(sessions: SessionFactory, phone: Phone) -> None:
    assert "还不是分销商" in phone.happen("CLICK", "code")
    assert kinds(sessions) == {InteractionKind.CLICK}
    assert "还没学会" in phone.happen("CLICK", "an-entry-of-an-older-menu")


def test_a_picture_is_thanked_for(phone: Phone) -> None:
    reply = phone.send(MsgType="image", MsgId="77", PicUrl="http://x", MediaId="m")
    assert reply.status_code == 200
    assert reply.data != b"success"


@pytest.mark.parametrize("order", ["as they happened", "reversed"])
@pytest.mark.parametrize("last", ["subscribe", "unsubscribe"])
def test_of_following_and_leaving_the_last_to_happen_wins(
    sessions: SessionFactory, phone: Phone, last: str, order: str
) -> None:
    now = int(datetime.now(UTC).timestamp())
    first = "unsubscribe" if last == "subscribe" else "subscribe"
    happened = [("subscribe", now - 90), (first, now - 60), (last, now - 30)]
    for event, moment in happened if order == "as they happened" else reversed(happened):
        phone.repeat(event, f"at {moment}", created=str(moment))
    assert person_of(sessions, phone).is_following is (last == "subscribe")
    phone.say("我还在")
    assert person_of(sessions, phone).is_following


def test_other_events_leave_nothing(sessions: SessionFactory, phone: Phone) -> None:
    assert phone.happen("VIEW", "http://localhost/orders") == ""
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(InboundEvent)) == 0
        assert session.scalar(select(func.count()).select_from(WeChatUser)) == 0


def test_business_time_is_what_is_written(sessions: SessionFactory, phone: Phone) -> None:
    move_clock(sessions, ahead=timedelta(days=30))
    phone.say("你好")
    with sessions.read() as session:
        noted = session.scalars(select(ChatInteraction.occurred_at)).one()
    assert noted > datetime.now(UTC) + timedelta(days=29)


def test_who_lost_her_authorisation_is_told_so(
    app: Flask, sessions: SessionFactory, seller: Phone
) -> None:
    with sessions.begin() as session:
        session.execute(update(Distributor).values(status=DistributorStatus.SUSPENDED))
    assert "目前已暂停" in seller.say("我的推广码")
    with sessions.begin() as session:
        session.execute(
            update(Distributor).values(
                status=DistributorStatus.APPROVED,
                authorised_until=datetime(2026, 11, 1, tzinfo=UTC),
            )
        )
    assert "2026-11-01 到期" in seller.say("我的推广码")
