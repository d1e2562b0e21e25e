"""Staff write a lesson, schedule its push, publish a material, and read what came of them."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select, update

from models.database import SessionFactory
from models.materials import Material
from models.outbox import OutboxItem
from models.training import Campaign, Lesson
from rules.china_time import SHANGHAI
from rules.outbox import WorkStatus
from rules.push_timing import Repeat
from rules.staff import Role
from rules.training import CampaignStatus
from tests.console.application import Browser, make_app
from tests.factories.catalogue import make_sku
from tests.factories.distributors import make_distributor
from tests.factories.policies import start_programme
from tests.factories.staff import make_staff
from tests.factories.training import make_campaign, make_lesson, make_material, photo
from workflows.campaigns.start import start_due
from workflows.clock import business_now, real_now

PAGES = (
    "/console/lessons",
    "/console/lessons/new",
    "/console/lessons/1",
    "/console/lessons/1/edit",
    "/console/campaigns",
    "/console/campaigns/new?lesson=1",
    "/console/campaigns/1",
    "/console/materials",
    "/console/materials/new",
    "/console/materials/1",
)


@pytest.fixture
def empty(sqlite_sessions: SessionFactory) -> SessionFactory:
    start_programme(sqlite_sessions)
    return sqlite_sessions


def log_in(sessions: SessionFactory, role: Role = Role.TRAINER) -> Browser:
    with sessions.begin() as session:
        staff_id = make_staff(session, role=role).id
    browser = make_app(sessions).test_client()
    assert isinstance(browser, Browser)
    return browser.log_in_as(sessions, staff_id, real_now())


def furnish(sessions: SessionFactory) -> datetime:
    """One lesson, one plan that has fired for two people, one material."""
    now = business_now(sessions)
    with sessions.begin() as session:
        make_distributor(session)
        make_distributor(session)
        make_campaign(session, now)
        make_material(session)
    start_due(sessions, now)
    return now


def test_a_push_that_has_fired_says_who_still_waits(empty: SessionFactory) -> None:
    furnish(empty)
    browser = log_in(empty)
    for path in ("/console/campaigns", "/console/campaigns/1"):
        assert "仍有 2 人等待" in browser.get(path).text
    with empty.begin() as session:
        session.execute(update(OutboxItem).values(status=WorkStatus.DONE))
    for path in ("/console/campaigns", "/console/campaigns/1"):
        page = browser.get(path).text
        assert "已结束" in page
        assert "人等待" not in page


def upload(browser: Browser, path: str, picture: bytes, **fields: str) -> int:
    data: dict[str, object] = {
        **fields,
        "csrf_token": browser.form_token(),
        "picture": (BytesIO(picture), "photo.jpg"),
    }
    answer = browser.post(
        path,
        data=data,
        content_type="multipart/form-data",
        headers={"Referer": f"https://shop.example.cn{path}"},
    )
    return answer.status_code


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(empty: SessionFactory, path: str) -> None:
    furnish(empty)
    assert log_in(empty).get(path).status_code == 200


@pytest.mark.parametrize("path", ["lessons", "campaigns", "materials"])
def test_an_empty_list_says_what_to_do(empty: SessionFactory, path: str) -> None:
    page = log_in(empty).get(f"/console/{path}").get_data(as_text=True)
    assert "empty-state" in page


@pytest.mark.parametrize(
    "path", ["lessons/new", "lessons/1/edit", "campaigns/new", "materials/new"]
)
def test_a_viewer_reads_but_does_not_write(empty: SessionFactory, path: str) -> None:
    furnish(empty)
    viewer = log_in(empty, Role.VIEWER)
    assert viewer.get("/console/campaigns/1").status_code == 200
    assert viewer.get(f"/console/{path}").status_code == 403
    assert viewer.send("/console/campaigns/1/stop").status_code == 403
    assert viewer.send("/console/materials/1/recall").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "lessons/99",
        "campaigns/99",
        "materials/99",
        "campaigns/1?state=junk",
        "campaigns/1?fire=x",
        "campaigns/1?fire=9223372036854775807",
        "campaigns?status=junk",
        "materials?state=junk",
    ],
)
def test_junk_in_the_address_is_not_found(empty: SessionFactory, path: str) -> None:
    furnish(empty)
    assert log_in(empty).get(f"/console/{path}").status_code == 404


def test_a_lesson_with_a_picture_is_written_then_edited(empty: SessionFactory) -> None:
    browser = log_in(empty)
    words = {"title": "护理三步法", "body": "第一步\r\n第二步", "link": ""}
    assert upload(browser, "/console/lessons/new", photo(), **words) == 303
    with empty.read() as session:
        first = session.scalars(select(Lesson)).one()
    assert (first.title, first.body, first.link) == ("护理三步法", "第一步\n第二步", None)
    assert first.picture_id is not None
    edited = browser.send("/console/lessons/1/edit", **(words | {"title": "新标题"}))
    assert edited.status_code == 303
    with empty.read() as session:
        second = session.scalars(select(Lesson)).one()
    assert (second.title, second.picture_id) == ("新标题", first.picture_id)
    browser.send("/console/lessons/1/edit", **(words | {"without_picture": "yes"}))
    with empty.read() as session:
        assert session.scalars(select(Lesson.picture_id)).one() is None


def test_a_refused_lesson_shows_what_was_typed_and_why(empty: SessionFactory) -> None:
    browser = log_in(empty)
    words = {"title": "护理三步法", "body": "内容", "link": "http://insecure.example"}
    answer = browser.send("/console/lessons/new", **words)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "链接必须是以 https:// 开头的完整网址。" in page
    assert 'value="护理三步法"' in page
    assert upload(browser, "/console/lessons/new", b"no picture", **words | {"link": ""}) == 422
    with empty.read() as session:
        assert session.scalars(select(Lesson)).all() == []


def test_plans_are_scheduled_once_or_weekly(empty: SessionFactory) -> None:
    with empty.begin() as session:
        lesson_id = make_lesson(session).id
    browser = log_in(empty)
    at = (business_now(empty) + timedelta(days=1)).astimezone(SHANGHAI).replace(second=0)
    shared = {"name": "新人课", "lesson": str(lesson_id), "grade": ""}
    once = shared | {"repeat": "once", "once_at": f"{at:%Y-%m-%dT%H:%M}"}
    weekly = shared | {"repeat": "weekly", "weekday": "2", "at_time": "20:00", "grade": "1"}
    for fields in (once, weekly):
        assert browser.send("/console/campaigns/new", **fields).status_code == 303
    with empty.read() as session:
        first, second = session.scalars(select(Campaign).order_by(Campaign.id)).all()
    assert first.next_fire_at == at.replace(microsecond=0)
    assert (first.repeat, first.grade_id) == (Repeat.ONCE, None)
    assert (second.repeat, second.weekday, second.grade_id) == (Repeat.WEEKLY, 2, 1)
    assert second.at_time is not None
    assert f"{second.at_time:%H:%M}" == "20:00"
    bad = (
        once | {"once_at": "2020-01-01T10:00"},
        once | {"lesson": "99"},
        once | {"name": ""},
        weekly | {"at_time": "25:00"},
        weekly | {"weekday": "7"},
    )
    for fields in bad:
        assert browser.send("/console/campaigns/new", **fields).status_code == 422
    assert browser.send("/console/campaigns/2/stop").status_code == 303
    with empty.read() as session:
        assert session.get_one(Campaign, 2).status is CampaignStatus.STOPPED


def test_the_report_shows_figures_that_add_up(empty: SessionFactory) -> None:
    now = furnish(empty)
    browser = log_in(empty)
    page = browser.get("/console/campaigns/1").get_data(as_text=True)
    figures = [int(each) for each in re.findall(r"</i>[^<]+<b>(\d+)</b></li>", page)]
    assert len(figures) == 6
    assert sum(figures) == 2
    assert page.count("等待中</span>") == 2
    fire = int(now.timestamp())
    narrowed = browser.get(f"/console/campaigns/1?state=sent&fire={fire}&opened=no")
    assert "没有符合条件的人" in narrowed.get_data(as_text=True)


def test_a_material_is_published_and_recalled(empty: SessionFactory) -> None:
    with empty.begin() as session:
        product_id = make_sku(session).product_id
    browser = log_in(empty)
    day = (business_now(empty) + timedelta(days=7)).astimezone(SHANGHAI).date()
    fields = {
        "title": "双十一海报",
        "caption": "今晚下单立减",
        "product": str(product_id),
        "valid_until": day.isoformat(),
    }
    assert upload(browser, "/console/materials/new", photo(), **fields) == 303
    with empty.read() as session:
        found = session.scalars(select(Material)).one()
    assert found.valid_until.astimezone(SHANGHAI).date() == day
    assert browser.send("/console/materials/new", **fields).status_code == 422
    for bad in ({"valid_until": "9999-12-31"}, {"valid_until": "2020-01-01"}, {"product": "99"}):
        assert upload(browser, "/console/materials/new", photo(), **fields | bad) == 422
    assert browser.send(f"/console/materials/{found.id}/recall").status_code == 303
    page = browser.get("/console/materials?state=recalled").get_data(as_text=True)
    assert "双十一海报" in page
