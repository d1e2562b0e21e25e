"""Joining by conversation: through restarts, interruptions and a day's silence."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from models.database import SessionFactory
from models.distributors import DistributorApplication
from models.people import Conversation
from tests.bot.conftest import restart
from tests.bot.phone import Phone
from workflows.clock import move_clock


def applications(sessions: SessionFactory) -> list[DistributorApplication]:
    with sessions.read() as session:
        return list(session.scalars(select(DistributorApplication)))


def conversations(sessions: SessionFactory) -> int:
    with sessions.read() as session:
        return session.scalar(select(func.count()).select_from(Conversation)) or 0


def test_four_answers_are_an_application(sessions: SessionFactory, phone: Phone) -> None:
    assert "（1/4）" in phone.say("加入")
    assert "（2/4）" in phone.say("小满")
    assert "（3/4）" in phone.say("138 0000 0001")
    shown = phone.say("浙江杭州")
    assert "浙江省杭州市" in shown
    assert '<a href="http://localhost/policy">《分销政策》第 1 版</a>' in shown
    assert "申请已提交" in phone.say("同意")
    (application,) = applications(sessions)
    assert (application.name, application.phone) == ("小满", "13800000001")
    assert (application.province_code, application.city_code) == ("330000", "330100")
    assert conversations(sessions) == 0
    assert "正在审核" in phone.say("加入")


@pytest.mark.parametrize("words", ["加入", " 申 请 ", "申请！", "【加入我们】", "我要加入～"])
def test_joining_is_understood_however_it_is_written(phone: Phone, words: str) -> None:
    assert "（1/4）" in phone.say(words)


def test_cancelling_forgets_the_answers(sessions: SessionFactory, phone: Phone) -> None:
    phone.say("加入")
    phone.say("小满")
    assert "已取消" in phone.say("取消")
    assert conversations(sessions) == 0
    assert "没有正在填写" in phone.say("取消")


def test_an_interruption_is_answered_and_the_application_waits(phone: Phone) -> None:
    phone.say("加入")
    phone.say("小满")
    reply = phone.say("我的佣金")
    assert "还不是分销商" in reply
    assert reply.endswith("您的申请还没填完，回复“继续”接着填，或回复“取消”退出。")
    assert "（2/4）" in phone.say("继续")
    assert "（3/4）" in phone.say("13800000001")


def test_the_menu_resumes_a_running_application(phone: Phone) -> None:
    phone.say("加入")
    phone.say("小满")
    assert "（2/4）" in phone.happen("CLICK", "join")


def test_after_a_day_the_question_comes_again_before_an_answer_counts(
    sessions: SessionFactory, phone: Phone
) -> None:
    phone.say("加入")
    phone.say("小满")
    move_clock(sessions, ahead=timedelta(hours=25))
    reply = phone.say("13800000001")
    assert "我们继续刚才的申请" in reply
    assert "（2/4）" in reply
    assert "（3/4）" in phone.say("13800000001")


def test_a_distributor_need_not_join(app: Flask, seller: Phone) -> None:
    assert "已经是分销商" in seller.say("加入")


def test_a_conversation_outlives_the_process(app: Flask, phone: Phone) -> None:
    phone.say("加入")
    phone.say("小满")
    restart(app)
    assert "（3/4）" in phone.say("13800000001")


def test_while_staff_decide_nobody_is_asked_to_apply_again(phone: Phone) -> None:
    for words in ("加入", "小满", "13800000001", "浙江杭州", "同意"):
        phone.say(words)
    for asked in ("我的推广码", "素材", "我的佣金", "培训", "帮助", "今天天气"):
        reply = phone.say(asked)
        assert "审核中" in reply
        assert "回复“加入”" not in reply


def test_cancelling_names_the_word_that_begins_again(phone: Phone) -> None:
    phone.say("加入")
    assert "随时回复“加入”" in phone.say("取消")
    assert "（1/4）" in phone.say("加入")
