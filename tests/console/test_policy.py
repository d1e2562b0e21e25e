"""The policy in the console: the form keeps what was typed, the trial writes nothing, publishing
is the owner's."""

import csv
import re
from html import unescape
from io import StringIO

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from models.database import SessionFactory
from models.policies import CommissionRate, PolicyVersion
from models.staff import StaffAudit
from rules.policy_versions import LEGAL_TEXT
from rules.staff import Role
from tests.console.application import Browser
from tests.console.conftest import Enter, World

FIELD = re.compile(r"<input[^>]*>|<select.*?</select>", re.DOTALL)
NAME = re.compile(r' name="([^"]+)"')
VALUE = re.compile(r' value="([^"]*)"')
CHOSEN = re.compile(r'<option value="([^"]*)" selected>')


@pytest.fixture
def sessions(sqlite_sessions: SessionFactory) -> SessionFactory:
    """What the pages do is the same on both; `tests/workflows/test_policies.py` asks both."""
    return sqlite_sessions


def fields_of(page: str) -> dict[str, str]:
    """Return what stands in the draft's form, as a browser would send it."""
    form = page[page.index('class="policy-form"') :]
    found: dict[str, str] = {}
    for field in FIELD.findall(form):
        name = NAME.search(field)
        is_off = 'type="checkbox"' in field or 'type="radio"' in field
        if name is None or name[1] == "csrf_token" or (is_off and " checked" not in field):
            continue
        value = CHOSEN.search(field) if field.startswith("<select") else VALUE.search(field)
        found[name[1]] = unescape(value[1]) if value else ""
    return found


def drafted(browser: Browser, **typed: str) -> dict[str, str]:
    """Return the form of a new version with something else typed into it."""
    fields = fields_of(browser.get("/console/policy/new").text)
    return fields | {"has_legal_acknowledgement": "yes"} | typed


def versions(sessions: SessionFactory) -> int:
    with sessions.read() as session:
        return session.scalars(select(func.count()).select_from(PolicyVersion)).one()


def sku_field(world: World) -> str:
    return f"sku-{world.sku_id}-1"


def test_the_owner_tries_a_draft_and_publishes_it(
    enter: Enter, world: World, sessions: SessionFactory
) -> None:
    owner = enter(Role.OWNER)
    draft = drafted(owner, level_1_rate_bp="12.5", hold_days="10", note="双十一之后")
    draft |= {sku_field(world): "20"}
    trial = owner.send("/console/policy/dry-run", **draft)
    assert trial.status_code == 200
    assert "<del>10%</del>" in trial.text
    assert "<ins>12.5%</ins>" in trial.text
    assert versions(sessions) == 1
    published = owner.send("/console/policy/publish", **draft)
    assert published.location == "/console/policy/2"
    page = owner.get(published.location).text
    for words in ("12.5%", "10 天", "双十一之后", LEGAL_TEXT, "员工"):
        assert words in page
    assert "发布政策" in owner.get("/console/audit").text
    with sessions.read() as session:
        rate = session.scalars(select(CommissionRate)).one()
        audited = session.scalars(
            select(StaffAudit).where(StaffAudit.action == "publish_policy")
        ).one()
    assert (rate.sku_id, rate.level, rate.rate_bp) == (world.sku_id, 1, 2_000)
    assert audited.staff_id == world.staff[Role.OWNER]


def test_finance_tries_but_doesn_t_publish(
    enter: Enter, world: World, sessions: SessionFactory
) -> None:
    finance = enter(Role.FINANCE)
    draft = drafted(finance)
    trial = finance.send("/console/policy/dry-run", **draft)
    assert trial.status_code == 200
    assert "/console/policy/publish" not in trial.text
    assert finance.send("/console/policy/publish", **draft).status_code == 403
    assert versions(sessions) == 1


WRONG = [
    ("level_1_rate_bp", "１２", "请用半角数字"),
    ("level_1_rate_bp", "-1", "不能是负数"),
    ("level_1_rate_bp", "12.555", "最多两位小数"),
    ("level_1_rate_bp", "1e1", "要填百分比"),
    ("level_1_rate_bp", "<b>", "要填百分比"),
    ("level_1_rate_bp", "101", "不能超过 100%"),
    ("level_1_rate_bp", "30", "各级佣金率之和不能超过佣金上限"),
    ("levels", "3", "分销层级要在 1 到 2 之间"),
    ("minimum_payout_fen", "0.09", "最低提现金额不能低于"),
    ("minimum_payout_fen", "1，000", "请用半角数字填写"),
    ("hold_days", "7.0", "要填整数"),
    ("hold_days", "91", "要在 0 到 90 之间"),
    ("quiet_from", "25:00", "免打扰开始不正确"),
    ("based_on", "0", "第 1 版刚刚发布"),
    ("has_legal_acknowledgement", "", "必须先确认并留存"),
    ("since", "2027-01-01", "不能早于开始日期"),
    ("entry_fee_fen", "100", "不得收取入门费"),
]


@pytest.mark.parametrize(("field", "typed", "message"), WRONG)
def test_a_wrong_field_is_named_and_everything_typed_stays(
    enter: Enter, world: World, sessions: SessionFactory, field: str, typed: str, message: str
) -> None:
    owner = enter(Role.OWNER)
    draft = drafted(owner, note="保留这句话") | {sku_field(world): "15.25"} | {field: typed}
    answer = owner.send("/console/policy/dry-run", **draft)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert message in page
    again = fields_of(answer.text)
    assert (again["note"], again[sku_field(world)]) == ("保留这句话", "15.25")
    # A list of choices has no place for what was never offered.
    if field in again and field != "levels":
        assert again[field] == typed
    assert versions(sessions) == 1


@pytest.mark.parametrize("when", ["2020-01-01T00:00", "9999-12-31T00:00"])
def test_a_version_of_the_past_is_not_published(
    enter: Enter, sessions: SessionFactory, when: str
) -> None:
    owner = enter(Role.OWNER)
    draft = drafted(owner, when="later", effective_at=when)
    answer = owner.send("/console/policy/publish", **draft)
    assert answer.status_code == 422
    assert 'id="error-effective_at"' in answer.text
    assert fields_of(answer.text)["effective_at"] == when
    assert versions(sessions) == 1


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(StringIO(answer.get_data().decode("utf-8-sig"))))


def test_a_trial_leaves_as_a_file_by_person_and_by_line(enter: Enter, world: World) -> None:
    finance = enter(Role.FINANCE)
    draft = drafted(finance, level_1_rate_bp="12")
    people = table(finance.send("/console/policy/dry-run", **draft, file="people"))
    lines = table(finance.send("/console/policy/dry-run", **draft, file="lines"))
    # 20 and 600 units a month ago, and 2 today, at 124.00 yuan and 10 %.
    assert sorted(row["实际佣金"] for row in people) == ["272.80", "7440.00"]
    assert sorted(row["试算佣金"] for row in people) == ["327.36", "8928.00"]
    assert len(lines) == 3
    assert {row["试算比例"] for row in lines} == {"12%"}


def test_a_supply_price_is_published_by_grade_and_a_wrong_one_is_marked(
    enter: Enter, world: World
) -> None:
    operations = enter(Role.OPERATIONS)
    path = f"/console/products/{world.sku_id}/supply"
    sound = {"grade": str(world.grade_id), "supply": "50", "effective_at": ""}
    for wrong, field in (
        ({"supply": "39.99"}, "supply"),
        ({"supply": "60.01"}, "supply"),
        ({"supply": "５０"}, "supply"),
        ({"effective_at": "2020-01-01T00:00"}, "effective_at"),
        ({"effective_at": "9999-12-31T23:59"}, "effective_at"),
        ({"grade": "99"}, "grade"),
    ):
        answer = operations.send(path, **(sound | wrong))
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
    assert operations.send(path, **sound).location == path
    page = operations.get(path).text
    assert "每件赚 ¥74.00" in page
    assert "设置供货价" in enter(Role.OWNER).get("/console/audit").text
