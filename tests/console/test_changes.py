"""Every change in the console: what happens, and the audit row that it leaves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from models.catalogue import SkuPrice
from models.database import SessionFactory
from models.distributors import Distributor, DistributorApplication
from models.orders import Order
from models.payouts import Payout
from models.staff import StaffAudit, StaffMember
from models.stock import Stock
from queries.audit_trail import chain_state
from rules.china_time import SHANGHAI
from rules.distributors import ApplicationStatus, DistributorStatus
from rules.orders import OrderStatus
from rules.payouts import PayoutStatus
from rules.staff import Role
from tests.console.application import ADDRESS
from tests.console.conftest import Enter, World
from tests.factories.payout_accounts import ACCOUNT_NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One form that a member of staff sends, and what its audit row is called."""

    role: Role
    to: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    status: int = 303

    def path(self, world: World) -> str:
        """Return where the form goes."""
        ids = {name: getattr(world, name) for name in World.__slots__}
        viewer_id = world.staff[Role.VIEWER]
        return "/console/" + self.to.format(**ids, viewer_id=viewer_id)


REASON = {"reason": "资料不完整"}
PARCEL = {"carrier": "顺丰速运", "tracking_number": "SF1234567890"}
NEW_MEMBER = {
    "login": "wang.min",
    "name": "王敏",
    "role": "support",
    "password": "梧桐树下等一班公交车",
}
DAY = (
    Step(
        role=Role.OPERATIONS,
        to="applications/{application_id}/reject",
        fields=REASON,
        action="reject_application",
    ),
    Step(role=Role.SUPPORT, to="orders/{paid_order_id}/ship", fields=PARCEL, action="ship_order"),
    Step(role=Role.SUPPORT, to="orders/{pending_order_id}/cancel", action="cancel_order"),
    Step(role=Role.FINANCE, to="payouts/{large_payout_id}/approve", action="approve_payout"),
    Step(
        role=Role.OWNER,
        to="payouts/{large_payout_id}/reveal",
        action="reveal_payout_account",
        status=200,
    ),
    Step(
        role=Role.FINANCE,
        to="payouts/{payout_id}/reject",
        fields=REASON,
        action="reject_payout",
    ),
    Step(role=Role.FINANCE, to="holds/{hold_id}/release", fields=REASON, action="release_hold"),
    Step(
        role=Role.FINANCE,
        to="distributors/{distributor_id}/hold",
        fields=REASON,
        action="hold_commission",
    ),
    Step(
        role=Role.OPERATIONS,
        to="products/{sku_id}/price",
        fields={"sale": "118", "list": "138.00"},
        action="set_price",
    ),
    Step(
        role=Role.OPERATIONS,
        to="products/{sku_id}/limits",
        fields={"floor": "100", "ceiling": "200"},
        action="set_price_limits",
    ),
    Step(
        role=Role.OPERATIONS,
        to="products/{sku_id}/count",
        fields={"counted": "900"},
        action="count_stock",
    ),
    Step(
        role=Role.OPERATIONS,
        to="distributors/{distributor_id}/grade",
        fields={"grade": "2"} | REASON,
        action="change_grade",
    ),
    Step(
        role=Role.OPERATIONS,
        to="distributors/{distributor_id}/suspend",
        fields=REASON,
        action="suspend_distributor",
    ),
    Step(
        role=Role.OPERATIONS,
        to="distributors/{distributor_id}/terminate",
        fields=REASON,
        action="terminate_distributor",
    ),
    Step(role=Role.OWNER, to="staff/new", fields=NEW_MEMBER, action="add_staff"),
    Step(role=Role.OWNER, to="staff/{viewer_id}/logout", action="log_out_everywhere"),
    Step(role=Role.VIEWER, to="account/logout-everywhere", action="log_out_everywhere"),
    Step(
        role=Role.OWNER,
        to="staff/{viewer_id}/role",
        fields={"role": "trainer"},
        action="change_role",
    ),
    Step(role=Role.OWNER, to="staff/{viewer_id}/deactivate", action="deactivate_staff"),
    Step(role=Role.OWNER, to="staff/{viewer_id}/reactivate", action="reactivate_staff"),
)


def trail(sessions: SessionFactory) -> Sequence[StaffAudit]:
    """Read the audit trail."""
    with sessions.read() as session:
        return session.scalars(select(StaffAudit).order_by(StaffAudit.id)).all()


def last(sessions: SessionFactory) -> StaffAudit:
    """Read the audit trail's last row."""
    return trail(sessions)[-1]


def test_every_change_leaves_one_audit_row_of_its_own(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    for step in DAY:
        before = len(trail(sessions))
        answer = enter(step.role).send(step.path(world), **step.fields)
        assert answer.status_code == step.status, (step, answer.get_data(as_text=True))
        rows = trail(sessions)
        assert len(rows) == before + 1, step
        said = (rows[-1].action, rows[-1].staff_id, rows[-1].address)
        assert said == (step.action, world.staff[step.role], ADDRESS), step
    with sessions.read() as session:
        assert chain_state(session).is_whole
        order = session.get_one(Order, world.paid_order_id).number
    page = "".join(enter(Role.OWNER).get(f"/console/audit?page={n}").text for n in (1, 2))
    told = re.findall(r'<td data-label="(?:操作|对象|修改)".*?</td>', page, re.DOTALL)
    assert len(told) == 3 * len(trail(sessions))
    words = re.sub(r"<[^>]+>", " ", "".join(told))
    assert re.findall(r"[a-z]+_[a-z]+|#\d+", words) == []
    assert f'<a href="/console/orders/{world.paid_order_id}">{order}</a>' in page


def test_approving_an_application_makes_a_distributor(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    answer = enter(Role.OPERATIONS).send(
        f"/console/applications/{world.application_id}/approve", grade=str(world.grade_id)
    )
    with sessions.read() as session:
        application = session.get_one(DistributorApplication, world.application_id)
        made = session.scalars(
            select(Distributor).where(Distributor.application_id == world.application_id)
        ).one()
    assert application.status is ApplicationStatus.APPROVED
    assert made.inviter_id == world.distributor_id
    assert answer.location == f"/console/distributors/{made.id}"


def test_a_grade_that_does_not_exist_approves_nobody(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OPERATIONS)
    for grade in ("", "999", "x", "1 OR 1=1", "９"):
        browser.send(f"/console/applications/{world.application_id}/approve", grade=grade)
    with sessions.read() as session:
        application = session.get_one(DistributorApplication, world.application_id)
    assert application.status is ApplicationStatus.APPLIED


def test_an_application_is_decided_once(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OPERATIONS)
    path = f"/console/applications/{world.application_id}"
    browser.send(f"{path}/reject", reason="资料不完整")
    browser.send(f"{path}/approve", grade=str(world.grade_id))
    with sessions.read() as session:
        application = session.get_one(DistributorApplication, world.application_id)
    assert application.status is ApplicationStatus.REJECTED
    assert last(sessions).action == "reject_application"


def test_a_suspended_distributor_can_be_reinstated(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OPERATIONS)
    for move, status in (
        ("suspend", DistributorStatus.SUSPENDED),
        ("reinstate", DistributorStatus.APPROVED),
    ):
        browser.send(f"/console/distributors/{world.distributor_id}/{move}", reason="核实")
        with sessions.read() as session:
            assert session.get_one(Distributor, world.distributor_id).status is status


def test_a_shipped_order_shows_its_parcel(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.SUPPORT)
    path = f"/console/orders/{world.paid_order_id}"
    browser.send(f"{path}/ship", carrier="顺丰速运", tracking_number="SF1234567890")
    with sessions.read() as session:
        assert session.get_one(Order, world.paid_order_id).status is OrderStatus.SHIPPED
    page = browser.get(path).get_data(as_text=True)
    assert "SF1234567890" in page
    assert f"{path}/ship" not in page


def test_a_parcel_that_cannot_be_tracked_ships_nothing(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.SUPPORT)
    for wrong in (
        {"carrier": "某某快递"},
        {"tracking_number": "1"},
        {"tracking_number": "x" * 500},
    ):
        page = browser.send(f"/console/orders/{world.paid_order_id}/ship", **(PARCEL | wrong))
        assert page.status_code == 422
        # What was typed is still there, and the field that is wrong is marked.
        typed = PARCEL | wrong
        assert f'value="{typed["tracking_number"]}"' in page.text
        assert ('value="顺丰速运" selected' in page.text) is ("carrier" not in wrong)
        assert re.findall(r'id="error-(\w+)"', page.text) == list(wrong)
        assert browser.send(f"/console/orders/{world.paid_order_id}/ship").status_code == 422
    with sessions.read() as session:
        assert session.get_one(Order, world.paid_order_id).status is OrderStatus.PAID


def test_a_large_payout_needs_two_people_and_then_the_banks_reference(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    path = f"/console/payouts/{world.large_payout_id}"
    finance, owner = enter(Role.FINANCE), enter(Role.OWNER)

    def status() -> PayoutStatus:
        with sessions.read() as session:
            return session.get_one(Payout, world.large_payout_id).status

    assert "0 / 2 位已同意" in finance.get(path).get_data(as_text=True)
    finance.send(f"{path}/approve")
    finance.send(f"{path}/approve")
    assert status() is PayoutStatus.REQUESTED
    assert "您已同意，还需要另一位同事审批" in finance.get(path).get_data(as_text=True)
    owner.send(f"{path}/approve")
    assert status() is PayoutStatus.APPROVED
    finance.send(f"{path}/bank-transfer", reference="  ")
    assert status() is PayoutStatus.APPROVED
    finance.send(f"{path}/bank-transfer", reference="ICBC20261124001")
    assert status() is PayoutStatus.PAID
    assert last(sessions).action == "record_bank_transfer"


def test_an_approved_payout_is_taken_back_with_a_reason(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    path = f"/console/payouts/{world.payout_id}"
    finance = enter(Role.FINANCE)
    assert "撤销提现" not in finance.get(path).text
    finance.send(f"{path}/approve")
    assert "撤销提现" in finance.get(path).text
    finance.send(f"{path}/cancel", reason="  ")
    with sessions.read() as session:
        assert session.get_one(Payout, world.payout_id).status is PayoutStatus.APPROVED
    finance.send(f"{path}/cancel", reason="重复申请 A12")
    page = finance.get(path).text
    assert "已撤销，金额已退回可提现余额。" in page
    assert "重复申请 A12" in page
    assert "微信给出的原因" not in page
    assert "撤销提现" not in page
    assert last(sessions).action == "cancel_payout"


def test_a_payout_s_account_is_masked_until_somebody_looks(enter: Enter, world: World) -> None:
    path = f"/console/payouts/{world.large_payout_id}"
    finance = enter(Role.FINANCE)
    page = finance.get(path).get_data(as_text=True)
    assert "林**" in page
    assert f"**** {ACCOUNT_NUMBER[-4:]}" in page
    assert ACCOUNT_NUMBER not in page
    answer = finance.send(f"{path}/reveal")
    assert ACCOUNT_NUMBER in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert ACCOUNT_NUMBER not in finance.get(path).get_data(as_text=True)
    assert "查看完整信息" not in enter(Role.VIEWER).get(path).get_data(as_text=True)


def test_a_price_outside_its_bounds_is_refused_beside_the_field(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    answer = enter(Role.OPERATIONS).send(
        f"/console/products/{world.sku_id}/price", sale="1.00", list="200"
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="error-sale"' in page
    assert 'value="1.00"' in page
    with sessions.read() as session:
        assert len(session.scalars(select(SkuPrice)).all()) == 1


def test_a_price_for_a_while_is_planned_shown_and_taken_back(
    sessions: SessionFactory, enter: Enter, world: World, moment: datetime
) -> None:
    browser = enter(Role.OPERATIONS)
    path = f"/console/products/{world.sku_id}"
    begins, ends = (
        f"{moment.astimezone(SHANGHAI) + timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (1, 3)
    )
    window = {"sale": "99", "list": "124", "effective_at": begins, "effective_until": ends}
    early = browser.send(f"{path}/price", **(window | {"effective_until": begins}))
    assert early.status_code == 422
    assert 'id="error-effective_until"' in early.get_data(as_text=True)
    browser.send(f"{path}/price", **window)
    page = browser.get(path).get_data(as_text=True)
    assert "接下来的价格" in page
    assert "不再恢复" in page
    with sessions.read() as session:
        price_id = session.scalars(select(func.max(SkuPrice.id))).one()
    assert f"{path}/price/{price_id}/end" in page
    browser.send(f"{path}/price/{price_id}/end")
    page = browser.get(path).get_data(as_text=True)
    assert "接下来的价格" not in page
    assert "不再恢复" not in page
    assert "已撤销" in page
    assert last(sessions).action == "end_price"


def test_a_count_that_cannot_be_is_refused(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OPERATIONS)
    path = f"/console/products/{world.sku_id}/count"
    with sessions.read() as session:
        before = session.get_one(Stock, world.sku_id).on_hand
    for counted in ("1", "-5", "3.5", "", "9" * 30, "十"):
        assert browser.send(path, counted=counted).status_code == 422, counted
    with sessions.read() as session:
        assert session.get_one(Stock, world.sku_id).on_hand == before


def test_a_deactivated_member_is_out_at_once(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    viewer = enter(Role.VIEWER)
    assert viewer.get("/console/").status_code == 200
    enter(Role.OWNER).send(f"/console/staff/{world.staff[Role.VIEWER]}/deactivate")
    assert viewer.get("/console/").status_code == 303
    with sessions.read() as session:
        assert not session.get_one(StaffMember, world.staff[Role.VIEWER]).is_active


def test_a_new_member_with_a_wrong_field_is_asked_again(enter: Enter) -> None:
    browser = enter(Role.OWNER)
    for name, wrong in (("login", "王敏"), ("password", "short"), ("role", "god"), ("name", "")):
        answer = browser.send("/console/staff/new", **(NEW_MEMBER | {name: wrong}))
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert f'id="error-{name}"' in page
        assert NEW_MEMBER["password"] not in page
