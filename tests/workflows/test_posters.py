"""A distributor's poster: her permanent QR once, one upload, at most one message."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from models.database import SessionFactory
from models.people import ChatInteraction
from models.referrals import ReferralCode
from rules.chat_window import InteractionKind
from tests.bot.gateway import AccountNotes
from tests.factories.distributors import make_distributor
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from wechat.errors import OutsideChatWindow
from workflows.chats import note_interaction
from workflows.posters import poster_for, send_poster


@pytest.fixture
def distributor_id(sessions: SessionFactory, now: datetime) -> int:
    """A distributor who has just written to us."""
    start_programme(sessions)
    with sessions.begin() as session:
        distributor = make_distributor(session)
        make_code(session, distributor)
        note_interaction(session, distributor.wechat_user_id, InteractionKind.MESSAGE, now)
        return distributor.id


@pytest.fixture
def account() -> AccountNotes:
    """The official account, written down."""
    return AccountNotes()


def send(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int, now: datetime
) -> None:
    send_poster(sessions, account, distributor_id, brand_name="漱玉", now=now)


def test_the_poster_s_qr_is_her_permanent_one_and_is_made_once(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int
) -> None:
    first, jpeg = (
        poster_for(sessions, account, distributor_id, brand_name="漱玉") for _ in range(2)
    )
    assert first == jpeg
    with sessions.read() as session:
        code = session.scalars(select(ReferralCode)).one()
    assert account.scenes == [code.code]
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (750, 1334)
        (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == code.qr_url == f"http://weixin.qq.com/q/{code.code}"


def test_a_sent_poster_is_uploaded_once_and_counted(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int, now: datetime
) -> None:
    send(sessions, account, distributor_id, now)
    send(sessions, account, distributor_id, now)
    assert len(account.uploads) == 1
    assert [media for _, media in account.images] == ["media-1", "media-1"]
    with sessions.read() as session:
        assert session.scalars(select(ChatInteraction.sent_count)).one() == 2


def test_expired_media_is_uploaded_anew(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int, now: datetime
) -> None:
    account.media_lasts_until = now + timedelta(minutes=30)
    send(sessions, account, distributor_id, now)
    account.media_lasts_until = datetime(2027, 1, 1, tzinfo=UTC)
    send(sessions, account, distributor_id, now)
    assert [media for _, media in account.images] == ["media-1", "media-2"]


def test_media_that_wechat_lost_is_uploaded_anew(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int, now: datetime
) -> None:
    send(sessions, account, distributor_id, now)
    account.gone.add("media-1")
    send(sessions, account, distributor_id, now)
    assert [media for _, media in account.images] == ["media-1", "media-2"]


def test_outside_the_window_nothing_is_sent(
    sessions: SessionFactory, account: AccountNotes, distributor_id: int, now: datetime
) -> None:
    with pytest.raises(OutsideChatWindow):
        send(sessions, account, distributor_id, now + timedelta(days=3))
    assert account.images == []
