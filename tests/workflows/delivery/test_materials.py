"""A material with her own QR: drawn, uploaded, then picture and caption by chat."""

from dataclasses import dataclass
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from models.materials import Material, MaterialShare
from models.people import ChatInteraction
from models.training import InboxMessage
from rules.materials import MaterialStatus
from rules.outbox import WorkStatus
from tests.factories.distributors import make_distributor
from tests.factories.people import make_person
from tests.factories.referrals import make_code
from tests.factories.training import make_material
from tests.fakes import BUSY, NO_ANSWER, OUTSIDE, REFUSED
from tests.workflows.delivery.conftest import World, talker
from wechat.errors import WeChatError
from workflows.chats import count_sent
from workflows.delivery.materials import deliver_material
from workflows.materials.share import share_material
from workflows.outbox import Work, WorkKind, enqueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody asked for a material."""

    world: World
    work_id: int
    link: str

    def deliver(self) -> None:
        (work,) = self.world.claim()
        deliver_material(self.world.tools, work, self.world.now)

    def status(self) -> WorkStatus:
        return self.world.row(self.work_id).status

    def inbox(self) -> list[InboxMessage]:
        with self.world.sessions.read() as session:
            return list(session.scalars(select(InboxMessage)))


def ask_for_material(world: World, *, has_window: bool = True, sent_before: int = 0) -> Asked:
    with world.sessions.begin() as session:
        person = talker(session, world.now) if has_window else make_person(session)
        if sent_before:
            count_sent(session, person.id, sent_before, world.now)
        her = make_distributor(session, person=person)
        code = make_code(session, her)
        share = share_material(session, make_material(session).id, her.id, world.now)
        work = Work(
            kind=WorkKind.MATERIAL,
            key="m:1",
            details={"share_id": share.id},
            wechat_user_id=person.id,
        )
        work_id = enqueue(session, work, world.now)
        assert work_id is not None
        link = f"https://shop.example/r/{code}?s={share.token}"
        return Asked(world=world, work_id=work_id, link=link)


def test_she_gets_the_picture_with_her_qr_then_the_caption_with_her_link(world: World) -> None:
    asked = ask_for_material(world)
    asked.deliver()
    picture, caption = world.account.sent
    assert (picture.kind, picture.content) == ("image", "media-1")
    assert caption.content.endswith(f"\n{asked.link}")
    (drawn,) = world.account.uploads
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(drawn)))
    assert code.text == asked.link
    assert asked.status() is WorkStatus.DONE


@pytest.mark.parametrize(("has_window", "sent_before"), [(False, 0), (True, 4), (True, 5)])
def test_without_room_for_both_it_waits_in_her_inbox(
    world: World, has_window: bool, sent_before: int
) -> None:
    asked = ask_for_material(world, has_window=has_window, sent_before=sent_before)
    asked.deliver()
    assert world.account.sent == []
    (kept,) = asked.inbox()
    assert kept.body.endswith(asked.link)
    assert kept.path is not None
    assert kept.path.startswith("/d/materials/")
    assert asked.status() is WorkStatus.DONE


CASES: list[tuple[str, list[WeChatError | None], int, WorkStatus, int]] = [
    ("an upload that fails is tried again", [BUSY], 0, WorkStatus.PENDING, 0),
    ("so is one without an answer", [NO_ANSWER], 0, WorkStatus.PENDING, 0),
    ("an upload that is refused for good", [REFUSED], 0, WorkStatus.FAILED, 0),
    ("a busy moment before the picture", [None, BUSY], 0, WorkStatus.PENDING, 0),
    ("no answer to the picture", [None, NO_ANSWER], 0, WorkStatus.UNKNOWN, 0),
    ("the window shut before the picture", [None, OUTSIDE], 0, WorkStatus.DONE, 1),
    ("the window shut after the picture", [None, None, OUTSIDE], 1, WorkStatus.DONE, 1),
    ("a busy moment after the picture", [None, None, BUSY], 1, WorkStatus.DONE, 1),
    ("no answer to the caption", [None, None, NO_ANSWER], 1, WorkStatus.UNKNOWN, 0),
]


@pytest.mark.parametrize(("_name", "answers", "sent", "status", "kept"), CASES)
def test_whatever_fails_the_picture_goes_out_at_most_once(
    world: World,
    _name: str,
    answers: list[WeChatError | None],
    sent: int,
    status: WorkStatus,
    kept: int,
) -> None:
    asked = ask_for_material(world)
    world.account.answers = list(answers)
    asked.deliver()
    assert (len(world.account.sent), asked.status(), len(asked.inbox())) == (sent, status, kept)


@pytest.mark.parametrize(
    ("answers", "counted"),
    [([], 2), ([None, BUSY], 0), ([None, None, BUSY], 1), ([None, NO_ANSWER], 2)],
)
def test_only_what_may_have_left_counts_against_her_window(
    world: World, answers: list[WeChatError | None], counted: int
) -> None:
    asked = ask_for_material(world)
    world.account.answers = list(answers)
    asked.deliver()
    with world.sessions.read() as session:
        assert session.scalars(select(ChatInteraction.sent_count)).all() == [counted]


def test_a_recalled_material_is_not_sent(world: World) -> None:
    asked = ask_for_material(world)
    with world.sessions.begin() as session:
        session.scalars(select(Material)).one().status = MaterialStatus.RECALLED
    asked.deliver()
    assert asked.status() is WorkStatus.SKIPPED
    assert world.account.sent == []
    assert world.account.uploads == []


def test_each_hand_out_has_a_token_of_its_own(world: World) -> None:
    with world.sessions.begin() as session:
        her = make_distributor(session)
        material = make_material(session)
        tokens = {share_material(session, material.id, her.id, world.now).token for _ in range(20)}
        assert len(tokens) == len(session.scalars(select(MaterialShare)).all()) == 20
