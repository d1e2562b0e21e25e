"""What the demo's brand teaches and hands out: lessons, push plans, materials and their shares."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select

from models.catalogue import Product
from models.database import SessionFactory
from models.referrals import ReferralCode
from rules.china_time import SHANGHAI
from rules.push_timing import Repeat, Schedule
from workflows.audit import StaffActor
from workflows.campaigns.schedule import CampaignDraft, schedule_campaign
from workflows.lessons.write import LessonDraft, write_lesson
from workflows.materials.publish import MaterialDraft, publish_material
from workflows.materials.share import share_material
from workflows.pictures import keep_picture

PICTURES = Path(__file__).resolve().parents[2] / "static" / "demo"
VALID_FOR = timedelta(days=120)
ONCE_AFTER = timedelta(days=18)
MONDAY = 0
SHARING_SELLERS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLesson:
    """A lesson; its picture is `static/demo/lesson-<slug>.jpg`."""

    slug: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMaterial:
    """A material for the product of the same slug, `static/demo/material-<slug>.jpg`."""

    slug: str
    title: str
    caption: str


LESSONS = (
    DemoLesson(
        slug="skin-barrier",
        title="第一课：看懂皮肤屏障，再推荐修护",
        body="泛红、刺痛、越护越干，多半是屏障受损。\n\n"
        "先减法：停掉去角质和高浓度酸类，洁面一天一次。\n"
        "再修护：玉兰修护精华早晚各 2–3 滴，夜里加一层玉润滋养面霜。\n"
        "看变化：一般两到四周见稳定，期间坚持防晒。\n\n"
        "遇到渗液、脓疱，请朋友先去看皮肤科，不要推荐任何产品。",
    ),
    DemoLesson(
        slug="cleansing",
        title="第二课：卸妆和洁面，十个人九个做错",
        body="卸妆油要“干手干脸”，打圈 30 秒，加水乳化变白，再冲净。\n\n"
        "只涂防晒的日子，用氨基酸洁面乳就够，不必天天卸妆。\n"
        "水温接近体温；毛巾按干，不要搓。\n\n"
        "讲给朋友听的时候，先问她化不化妆、皮肤干还是油，再推荐。",
    ),
    DemoLesson(
        slug="sharing",
        title="第三课：怎样把好东西讲给朋友听",
        body="分享不是刷屏。先想清楚：这件东西解决了谁的什么问题？\n\n"
        "一、说自己的使用感受，一句就够，例如“换季脸不紧了”。\n"
        "二、用「素材中心」里的图，图上已经有您的二维码，朋友扫码就记在您名下。\n"
        "三、一个群一天最多发一次，有人问再展开讲成分和用法。\n\n"
        "不承诺疗效，不贬低别家，不私自改价。做到这三点，朋友才会一直信您。",
    ),
)

MATERIALS = (
    DemoMaterial(
        slug="serum",
        title="换季修护：玉兰精华",
        caption="换季脸又红又干？我用了三周玉兰修护精华，早晚两滴，泛红稳住了。"
        "敏感肌先在耳后试一下。扫码看成分 👇",
    ),
    DemoMaterial(
        slug="sunscreen",
        title="通勤防晒：不假白不搓泥",
        caption="出门前 15 分钟抹上，SPF50+，不假白也不搓泥，底妆照样服帖。今天下单包邮。",
    ),
    DemoMaterial(
        slug="gift-box",
        title="送礼体面：漱玉礼盒",
        caption="给妈妈、闺蜜挑礼物的看过来：精华加面霜，带手提袋和贺卡，数量有限。",
    ),
)


def teach_and_share(
    sessions: SessionFactory, owner: StaffActor, sellers: tuple[str, ...], now: datetime
) -> tuple[tuple[str, str], ...]:
    """Write lessons and plans, publish materials, let the best sellers share them.

    `sellers` are referral codes. Return the shares: (referral code, token).
    """
    _teach(sessions, owner, now)
    materials = [_publish(sessions, material, owner, now) for material in MATERIALS]
    shares: list[tuple[str, str]] = []
    with sessions.begin() as session:
        for position, code in enumerate(sellers[:SHARING_SELLERS]):
            distributor_id = session.scalars(
                select(ReferralCode.distributor_id).where(ReferralCode.code == code)
            ).one()
            # The first seller shares everything, the others one thing each.
            chosen = materials if position == 0 else [materials[position % len(materials)]]
            shares += [
                (code, share_material(session, material_id, distributor_id, now).token)
                for material_id in chosen
            ]
    return tuple(shares)


def _teach(sessions: SessionFactory, owner: StaffActor, now: datetime) -> None:
    lessons = [
        write_lesson(
            sessions,
            LessonDraft(
                title=lesson.title,
                body=lesson.body,
                link=None,
                picture_id=_picture(sessions, f"lesson-{lesson.slug}", now),
            ),
            actor=owner,
            now=now,
        )
        for lesson in LESSONS
    ]
    once_on = (now + ONCE_AFTER).astimezone(SHANGHAI).date()
    plans = (
        ("每周一课", lessons[2], Schedule(repeat=Repeat.WEEKLY, weekday=MONDAY, at_time=time(9))),
        (
            "修护专题",
            lessons[0],
            Schedule(
                repeat=Repeat.ONCE,
                once_at=datetime.combine(once_on, time(9, 30), tzinfo=SHANGHAI),
            ),
        ),
    )
    for name, lesson_id, schedule in plans:
        draft = CampaignDraft(name=name, lesson_id=lesson_id, grade_id=None, schedule=schedule)
        schedule_campaign(sessions, draft, actor=owner, now=now)


def _publish(
    sessions: SessionFactory, material: DemoMaterial, owner: StaffActor, now: datetime
) -> int:
    picture_id = _picture(sessions, f"material-{material.slug}", now)
    with sessions.read() as session:
        product_id = session.scalars(select(Product.id).where(Product.slug == material.slug)).one()
    draft = MaterialDraft(
        title=material.title,
        caption=material.caption,
        picture_id=picture_id,
        product_id=product_id,
        valid_until=now + VALID_FOR,
    )
    return publish_material(sessions, draft, actor=owner, now=now)


def _picture(sessions: SessionFactory, name: str, now: datetime) -> int:
    return keep_picture(sessions, (PICTURES / f"{name}.jpg").read_bytes(), now)
