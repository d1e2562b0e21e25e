"""A distributor's poster: her permanent QR once, one upload, at most one message."""

import io
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select, update

from models.distributors import Distributor
from models.people import ChatInteraction
from models.pictures import UploadedPicture
from models.referrals import ReferralCode
from rules.chat_window import InteractionKind
from rules.outbox import WorkStatus
from tests.factories.distributors import make_distributor
from tests.factories.referrals import make_code
from tests.fakes import BUSY, NO_ANSWER, OUTSIDE, Sent
from tests.workflows.delivery.conftest import World
from wechat.errors import WeChatError
from workflows.chats import note_interaction
from workflows.delivery.posters import deliver_poster
from workflows.outbox import Work, WorkKind, enqueue
from workflows.posters import poster_for

GONE = WeChatError("invalid media_id", errcode="40007")


@pytest.fixture
def distributor(world: World) -> Distributor:
    """A distributor who has just written to us."""
    with world.sessions.begin() as session:
        distributor = make_distributor(session)
        make_code(session, distributor)
        person_id = distributor.wechat_user_id
        note_interaction(session, person_id, InteractionKind.MESSAGE, world.now)
        return distributor


def deliver(world: World, distributor: Distributor, key: str) -> WorkStatus:
    """Ask for a poster and let the worker deliver it; return what became of the work."""
    with world.sessions.begin() as session:
        work = Work(
            kind=WorkKind.POSTER,
            key=key,
            details={"distributor_id": distributor.id},
            wechat_user_id=distributor.wechat_user_id,
        )
        enqueue(session, work, world.now)
    (claimed,) = world.claim()
    deliver_poster(world.tools, claimed, world.now)
    return world.row(claimed.id).status


def pictures(world: World) -> list[str]:
    return [sent.content for sent in world.account.sent]


def test_the_qr_in_the_poster_is_her_permanent_one_and_is_made_once(
    world: World, distributor: Distributor
) -> None:
    first, jpeg = (
        poster_for(world.sessions, world.account, distributor.id, brand_name="漱玉")
        for _ in range(2)
    )
    assert first == jpeg
    with world.sessions.read() as session:
        code = session.scalars(select(ReferralCode)).one()
    assert world.account.scenes == [code.code]
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == (750, 1334)
        (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == code.qr_url == f"http://weixin.qq.com/q/{code.code}"


def test_a_poster_is_uploaded_once_sent_and_counted(world: World, distributor: Distributor) -> None:
    assert deliver(world, distributor, "a") is WorkStatus.DONE
    assert deliver(world, distributor, "b") is WorkStatus.DONE
    assert len(world.account.uploads) == 1
    assert {type(sent) for sent in world.account.sent} == {Sent}
    assert pictures(world) == ["media-1", "media-1"]
    with world.sessions.read() as session:
        assert session.scalars(select(ChatInteraction.sent_count)).one() == 2


def test_expired_media_is_uploaded_anew(world: World, distributor: Distributor) -> None:
    deliver(world, distributor, "a")
    with world.sessions.begin() as session:
        session.execute(update(UploadedPicture).values(expires_at=world.now))
    deliver(world, distributor, "b")
    assert pictures(world) == ["media-1", "media-2"]


def test_media_that_wechat_lost_is_uploaded_anew(world: World, distributor: Distributor) -> None:
    deliver(world, distributor, "a")
    world.account.answers = [GONE]
    assert deliver(world, distributor, "b") is WorkStatus.PENDING
    (again,) = world.claim(now=world.now + timedelta(hours=1))
    deliver_poster(world.tools, again, world.now)
    assert pictures(world) == ["media-1", "media-2"]


def test_outside_the_window_it_is_skipped(world: World, distributor: Distributor) -> None:
    world.account.answers = [None, OUTSIDE]
    assert deliver(world, distributor, "a") is WorkStatus.SKIPPED
    assert deliver(world, distributor, "b") is WorkStatus.SKIPPED
    assert pictures(world) == []


def test_a_failed_upload_is_tried_again(world: World, distributor: Distributor) -> None:
    world.account.answers = [BUSY]
    assert deliver(world, distributor, "a") is WorkStatus.PENDING
    assert pictures(world) == []


def test_a_message_of_which_nothing_is_known_is_never_sent_again(
    world: World, distributor: Distributor
) -> None:
    world.account.answers = [None, NO_ANSWER]
    assert deliver(world, distributor, "a") is WorkStatus.UNKNOWN
    assert world.claim(now=world.now + timedelta(days=1)) == ()
