"""Materials: published, handed out with a token each, recalled, and counted back."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.catalogue import Sku
from models.database import SessionFactory
from models.materials import MaterialShare
from models.outbox import OutboxItem
from models.staff import StaffAudit
from queries.materials import material, materials, own_share, shares_of, usable_materials
from rules.bindings import TouchSource, TouchVerdict
from rules.materials import (
    MaterialExpired,
    MaterialRecalled,
    MaterialRefused,
    MaterialTransitionRefused,
)
from rules.staff import PermissionMissing, Role
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.orders import make_order, pay_order, refund_line
from tests.factories.people import make_person
from tests.factories.policies import start_programme
from tests.factories.referrals import make_code
from tests.factories.staff import actor_of, make_staff
from tests.factories.training import make_material, make_photo
from workflows.audit import StaffActor
from workflows.materials.ask import ask_for_newest
from workflows.materials.hand_out import share_again, share_for_page
from workflows.materials.publish import MaterialDraft, publish_material, recall_material
from workflows.materials.share import record_open, share_material
from workflows.referrals.touch import Presented, record_touch


@pytest.fixture
def operator(sessions: SessionFactory) -> StaffActor:
    start_programme(sessions)
    with sessions.begin() as session:
        return actor_of(make_staff(session, role=Role.OPERATIONS))


def draft(sessions: SessionFactory, now: datetime) -> MaterialDraft:
    with sessions.begin() as session:
        return MaterialDraft(
            title="双十一海报",
            caption="今晚下单立减",
            picture_id=make_photo(session).id,
            product_id=make_sku(session).product_id,
            valid_until=now + timedelta(days=7),
        )


def test_a_material_is_published_and_recalled_once(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    material_id = publish_material(sessions, draft(sessions, now), actor=operator, now=now)
    with sessions.read() as session:
        assert [found.id for found in usable_materials(session, now)] == [material_id]
        assert usable_materials(session, now + timedelta(days=7)) == ()
    recall_material(sessions, material_id, actor=operator, now=now)
    with sessions.read() as session:
        assert usable_materials(session, now) == ()
        actions = session.scalars(select(StaffAudit.action).order_by(StaffAudit.id)).all()
        assert actions == ["publish_material", "recall_material"]
        found = material(session, material_id)
        assert found is not None
        assert found.state(now) == "recalled"
    with pytest.raises(MaterialTransitionRefused):
        recall_material(sessions, material_id, actor=operator, now=now)


def test_what_cannot_be_published(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    good = draft(sessions, now)
    for bad in (replace(good, title=""), replace(good, valid_until=now)):
        with pytest.raises(MaterialRefused):
            publish_material(sessions, bad, actor=operator, now=now)
    with sessions.begin() as session:
        viewer = actor_of(make_staff(session, role=Role.VIEWER))
    with pytest.raises(PermissionMissing):
        publish_material(sessions, good, actor=viewer, now=now)
    with pytest.raises(PermissionMissing):
        recall_material(sessions, 1, actor=viewer, now=now)


def test_states_part_the_list(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        make_material(session)
        make_material(session, valid_until=now)
    recalled = publish_material(sessions, draft(sessions, now), actor=operator, now=now)
    recall_material(sessions, recalled, actor=operator, now=now)
    with sessions.read() as session:
        for state in ("published", "expired", "recalled"):
            (row,), total = materials(session, state, now, offset=0, limit=10)
            assert (row.state(now), total) == (state, 1)
        assert materials(session, None, now, offset=0, limit=10)[1] == 3


def test_she_asks_in_chat_and_the_newest_is_on_its_way_once(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    def ask(key: str) -> str | None:
        return ask_for_newest(
            session, wechat_user_id=her.wechat_user_id, distributor_id=her.id, key=key, now=now
        )

    with sessions.begin() as session:
        her = make_distributor(session)
        assert ask("1") is None
        make_material(session)
        newest = make_material(session)
        newest.title = "最新海报"
        make_material(session, valid_until=now)
        session.flush()
        assert ask("2") == "最新海报"
    with sessions.read() as session:
        share = session.scalars(select(MaterialShare)).one()
        work = session.scalars(select(OutboxItem)).one()
        assert share.material_id == newest.id
        assert (work.payload, work.wechat_user_id) == ({"share_id": share.id}, her.wechat_user_id)


def test_her_page_keeps_one_share_until_she_wants_another(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        her, other = make_distributor(session), make_distributor(session)
        make_code(session, her)
        found = make_material(session)
    first = share_for_page(sessions, found.id, her.id, now)
    assert share_for_page(sessions, found.id, her.id, now) == first
    second = share_again(sessions, found.id, her.id, now)
    assert second != first
    assert share_for_page(sessions, found.id, her.id, now) == second
    assert share_for_page(sessions, found.id, other.id, now) not in {first, second}
    with sessions.read() as session:
        assert own_share(session, first, her.id) is not None
        assert own_share(session, first, other.id) is None
        assert shares_of(session, found.id, distributor_id=her.id)[1] == 2
        assert shares_of(session, found.id)[1] == 3


def test_nothing_is_handed_out_after_its_time(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        her = make_distributor(session)
        found = make_material(session, valid_until=now + timedelta(days=1))
    with pytest.raises(MaterialExpired):
        share_again(sessions, found.id, her.id, now + timedelta(days=1))
    recall_material(sessions, found.id, actor=operator, now=now)
    with pytest.raises(MaterialRecalled):
        share_again(sessions, found.id, her.id, now)


def test_opens_binds_orders_and_sales_come_back_to_the_share(
    sessions: SessionFactory, operator: StaffActor, now: datetime
) -> None:
    with sessions.begin() as session:
        her = make_distributor(session)
        code = make_code(session, her)
        sku = make_sku(session, sale_fen=10_000)
        found = make_material(session, sku=sku)
        share, idle = (share_material(session, found.id, her.id, now) for _ in range(2))
        buyers = [make_person(session) for _ in range(3)]
    for buyer in (*buyers, buyers[0]):
        record_open(sessions, share.token, buyer.id, now)
    record_open(sessions, "unknown", buyers[0].id, now)
    shown = Presented(code=code, source=TouchSource.LINK, share_token=share.token)
    verdicts = [record_touch(sessions, b.id, shown, now).verdict for b in (buyers[0], buyers[0])]
    assert verdicts == [TouchVerdict.BOUND, TouchVerdict.RENEWED]
    with sessions.begin() as session:
        goods = [(session.get_one(Sku, sku.id), 2)]
        orders = [
            make_order(session, goods, now=now, referrer=her, buyer=buyer) for buyer in buyers
        ]
        for order in orders:
            order.share_id = share.id
        for order in orders[:2]:
            pay_order(session, order, now)
        refund_line(session, orders[1].lines[0], 5_000, now)
    with sessions.read() as session:
        found_row = material(session, found.id)
        assert found_row is not None
        figures = found_row.figures
        assert (figures.shares, figures.opens, figures.binds) == (2, 3, 1)
        assert (figures.orders, figures.sales_fen) == (2, 35_000)
        (second, first), _ = shares_of(session, found.id)
        assert first.figures == replace(figures, shares=1)
        assert (second.id, second.figures.opens, second.figures.sales_fen) == (idle.id, 0, 0)
