"""The pages of a customer's addresses: what is wrong stands at its field, nothing goes unsaid."""

import pytest
from playwright.sync_api import Browser, expect

from models.database import SessionFactory
from tests.browsing import opened
from tests.shop import Customer
from tests.storefront.visits import HOST, Phone

ADDRESS = {
    "receiver": "李四",
    "phone": "13900001234",
    "district": "330106",
    "detail": "文一路 9 号",
}


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """The pages don't depend on the database; `tests/workflows/test_addresses.py` runs on both."""
    return sqlite_sessions


@pytest.mark.parametrize(
    ("field", "wrong", "words"),
    [
        ("phone", "123", "手机号需要是 11 位"),
        ("receiver", "李" * 21, "请填写收货人姓名"),
        ("detail", "九号", "请填写详细地址"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    phone: Phone, field: str, wrong: str, words: str
) -> None:
    answer = phone.post("/addresses/new", ADDRESS | {field: wrong})
    assert answer.status_code == 422
    assert f'id="error-{field}" role="alert">{words}' in answer.text
    for kept in (ADDRESS | {field: wrong}).values():
        assert kept in answer.text


def test_saving_and_deleting_are_said_and_deleting_leads_back_to_choosing(
    phone: Phone, customer: Customer
) -> None:
    assert phone.post("/addresses/new", ADDRESS).location == "/addresses"
    assert "地址已保存" in phone.get("/addresses").text
    checkout = "/checkout?sku=1&quantity=1"
    gone = phone.post(f"/addresses/{customer.address_id}/delete", {"next": checkout})
    assert gone.location == "/addresses?next=/checkout%3Fsku%3D1%26quantity%3D1"
    page = phone.get(gone.location).text
    assert "地址已删除" in page
    assert "/checkout?sku=1&amp;quantity=1&amp;address=" in page


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_note_survives_choosing_another_address(
    phone: Phone, sku_id: int, browser: Browser
) -> None:
    checkout = f"{HOST}/checkout?sku={sku_id}&quantity=1"
    with opened(browser, phone.client, checkout, 375) as page:
        page.get_by_label("备注").fill("请放门口")
        page.locator(".address-row").click()
        page.locator(".address-main").click()
        expect(page.get_by_label("备注")).to_have_value("请放门口")
