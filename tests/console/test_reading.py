"""What the pages show: the trail, masked contacts, the chain; and how they take junk."""

from sqlalchemy import event, text, update

from models.database import SessionFactory
from models.distributors import Distributor
from models.orders import Order
from rules.staff import Permission, Role, is_permitted
from tests.console.conftest import Enter, World
from tests.console.test_permissions import PAGES, address

PHONE = "13900000002"
JUNK = (
    "orders?status=nope",
    "orders?referrer=abc",
    "orders?referrer=99999999999999999999999",
    "orders?page=0",
    "orders?page=-1",
    "orders?page=99999",
    "orders?q=" + "x" * 300,
    "orders/0",
    "orders/999999",
    "orders/9999999999999999999999",
    "orders/abc",
    "applications?status=x",
    "applications/999999",
    "distributors?status=1",
    "distributors?grade=x",
    "distributors/999999",
    "payouts?status=x",
    "payouts/999999",
    "products/999999",
    "audit?staff=x",
    "audit?action=drop",
    "audit?kind=x",
    "audit?since=yesterday",
    "audit?until=2026-13-40",
    "audit?since=0001-01-01",
    "audit?until=9999-12-31",
)
ROLES_OF_ORDERS = [role for role in Role if is_permitted(role, Permission.VIEW_ORDERS)]


def test_every_page_opens(enter: Enter, world: World) -> None:
    browser = enter(Role.OWNER)
    answers = {path: browser.get(address(path, world)).status_code for path in PAGES}
    assert answers == dict.fromkeys(PAGES, 200)


def test_contacts_are_whole_for_those_who_need_them_and_masked_for_the_rest(
    enter: Enter, world: World
) -> None:
    for role in ROLES_OF_ORDERS:
        browser = enter(role)
        pages = [
            browser.get(path).get_data(as_text=True)
            for path in ("/console/orders", f"/console/orders/{world.paid_order_id}")
        ]
        sees = is_permitted(role, Permission.SEE_CUSTOMER_CONTACT)
        for page in pages:
            assert (PHONE in page) is sees, role
            assert ("王小美" in page) is sees, role
            assert ("139****0002" in page) is not sees, role
        assert ("文三路 1 号" in pages[1]) is sees, role


def test_a_distributors_phone_is_masked_too(enter: Enter, world: World) -> None:
    path = f"/console/distributors/{world.distributor_id}"
    assert "13800000001" in enter(Role.OPERATIONS).get(path).get_data(as_text=True)
    page = enter(Role.FINANCE).get(path).get_data(as_text=True)
    assert "13800000001" not in page
    assert "138****0001" in page


def test_masked_contacts_cannot_be_found_out_by_searching(enter: Enter, world: World) -> None:
    for search in (PHONE[:5], "王小美"):
        path = f"/console/orders?q={search}"
        assert "没有找到" in enter(Role.FINANCE).get(path).get_data(as_text=True)
        assert "没有找到" not in enter(Role.SUPPORT).get(path).get_data(as_text=True)


def test_an_order_prints_its_trail_and_who_earns_what_and_why(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    page = enter(Role.FINANCE).get(f"/console/orders/{world.paid_order_id}").get_data(as_text=True)
    assert "通过推广链接进入" in page
    assert "政策第 1 版" in page
    assert "¥248.00</span> × 10%" in page
    assert "付款时授权有效" in page
    assert "¥24.80" in page


def test_staff_read_a_movement_as_she_does(enter: Enter, world: World) -> None:
    browser = enter(Role.FINANCE)
    base = f"/console/distributors/{world.distributor_id}"
    assert f"{base}/movements" in browser.get(base).get_data(as_text=True)
    listed = browser.get(f"{base}/movements").get_data(as_text=True)
    for words in ("新增佣金", "转为可提现", "申请提现", "原因：收货地址重复"):
        assert words in listed
    held = browser.get(f"{base}/movements/{world.movement_id}").get_data(as_text=True)
    for words in ("佣金冻结，等待核实。", "原因：收货地址重复", "包含的佣金", "−¥24.80"):
        assert words in held
    assert browser.get(f"{base}/movements/999999").status_code == 404
    assert browser.get("/console/distributors/999999/movements").status_code == 404


def test_commission_is_hidden_from_roles_that_may_not_see_it(enter: Enter, world: World) -> None:
    path = f"/console/distributors/{world.distributor_id}"
    assert "可提现</dt>" not in enter(Role.TRAINER).get(path).get_data(as_text=True)
    assert "可提现</dt>" in enter(Role.VIEWER).get(path).get_data(as_text=True)


def test_names_from_outside_are_text_and_not_markup(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    with sessions.begin() as session:
        session.execute(update(Distributor).values(name="<script>x</script>"))
        session.execute(update(Order).values(receiver='"><b>x'))
    browser = enter(Role.OWNER)
    for path in (
        "/console/",
        "/console/distributors",
        f"/console/distributors/{world.distributor_id}",
        "/console/orders",
        f"/console/orders/{world.paid_order_id}",
        "/console/payouts",
        f"/console/payouts/{world.payout_id}",
    ):
        page = browser.get(path).get_data(as_text=True)
        assert "<script>x" not in page
        assert "><b>x" not in page


def test_the_audit_trail_says_that_it_is_whole_until_somebody_alters_it(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OWNER)
    browser.send(f"/console/products/{world.sku_id}/count", counted="950")
    assert "完整" in browser.get("/console/audit/chain").get_data(as_text=True)
    page = browser.get("/console/audit").get_data(as_text=True)
    assert "<del>" in page
    assert "<ins>950</ins>" in page
    with sessions.begin() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE staff_audit DISABLE TRIGGER USER"))
        else:
            names = session.scalars(
                text(
                    "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='staff_audit'"
                )
            ).all()
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE staff_audit SET action = 'log_in'"))
    assert "日志被改动" in browser.get("/console/audit/chain").get_data(as_text=True)


def test_junk_in_an_address_is_not_found(enter: Enter) -> None:
    browser = enter(Role.OWNER)
    answers = {path: browser.get(f"/console/{path}").status_code for path in JUNK}
    assert answers == dict.fromkeys(JUNK, 404)


def test_a_search_takes_every_character_as_itself(enter: Enter) -> None:
    browser = enter(Role.OWNER)
    for page in ("orders", "applications", "distributors", "products"):
        for search in ("%25", "_", "\\", "'", '"', "%27%3B--", "😀", "%5C%25"):
            answer = browser.get(f"/console/{page}?q={search}")
            assert answer.status_code == 200
            assert "没有找到" in answer.get_data(as_text=True), (page, search)


def test_forms_to_rows_that_do_not_exist_are_not_found(enter: Enter) -> None:
    browser = enter(Role.OWNER)
    for path in (
        "orders/999999/ship",
        "orders/999999/cancel",
        "distributors/999999/suspend",
        "payouts/999999/approve",
        "products/999999/count",
        "applications/999999/approve",
        "staff/999999/deactivate",
    ):
        assert browser.send(f"/console/{path}").status_code == 404, path


def test_a_list_asks_the_database_equally_often_for_one_row_and_for_many(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    browser = enter(Role.OWNER)

    def statements(path: str) -> int:
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(sessions.engine, "before_cursor_execute", note)
        try:
            assert browser.get(path).status_code == 200
        finally:
            event.remove(sessions.engine, "before_cursor_execute", note)
        return len(seen)

    for path, one in (
        ("/console/orders", "/console/orders?status=pending"),
        ("/console/distributors", "/console/distributors?q=FX"),
    ):
        assert statements(path) == statements(one)
