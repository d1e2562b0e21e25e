"""Lessons, push plans and materials."""

from datetime import datetime, timedelta
from io import BytesIO
from itertools import count

from PIL import Image
from sqlalchemy.orm import Session

from models.catalogue import Sku
from models.materials import Material
from models.pictures import Picture
from models.training import Campaign, Lesson
from posters.pictures import normalise
from rules.materials import MaterialStatus
from rules.push_timing import Repeat
from rules.training import CampaignStatus
from tests.factories.catalogue import make_sku
from tests.factories.people import LONG_AGO
from tests.factories.staff import make_staff
from workflows.pictures import store_picture

_numbers = count(1)


def photo(colour: tuple[int, int, int] = (196, 148, 120)) -> bytes:
    """An upload: a plain JPEG of 800 x 600 pixels."""
    target = BytesIO()
    Image.new("RGB", (800, 600), colour).save(target, "JPEG")
    return target.getvalue()


def make_photo(session: Session) -> Picture:
    """A picture that can really be drawn on, another one each time."""
    number = next(_numbers)
    upload = photo((number % 256, number // 256 % 256, 120))
    return session.get_one(Picture, store_picture(session, normalise(upload), LONG_AGO))


def make_lesson(session: Session, *, has_picture: bool = True) -> Lesson:
    """A lesson with a picture."""
    lesson = Lesson(
        title="敏感肌护理三步法",
        body="第一步，温和清洁。\n第二步，舒缓补水。\n第三步，修护屏障。",
        picture_id=make_photo(session).id if has_picture else None,
        link=None,
        created_at=LONG_AGO,
        created_by_id=make_staff(session).id,
    )
    session.add(lesson)
    session.flush()
    return lesson


def make_campaign(
    session: Session, at: datetime, *, lesson: Lesson | None = None, grade_id: int | None = None
) -> Campaign:
    """An active plan that fires once."""
    lesson = lesson or make_lesson(session)
    campaign = Campaign(
        name="新品培训",
        lesson_id=lesson.id,
        grade_id=grade_id,
        repeat=Repeat.ONCE,
        once_at=at,
        status=CampaignStatus.ACTIVE,
        next_fire_at=at,
        created_at=LONG_AGO,
        created_by_id=lesson.created_by_id,
    )
    session.add(campaign)
    session.flush()
    return campaign


def make_material(
    session: Session, *, valid_until: datetime | None = None, sku: Sku | None = None
) -> Material:
    """A published material, valid for a year."""
    sku = sku or make_sku(session)
    material = Material(
        title="双十一精华海报",
        caption="熬夜脸的救星，一瓶透亮！今晚下单立减。",
        picture_id=make_photo(session).id,
        product_id=sku.product_id,
        status=MaterialStatus.PUBLISHED,
        valid_until=valid_until or LONG_AGO + timedelta(days=365),
        published_at=LONG_AGO,
        published_by_id=make_staff(session).id,
    )
    session.add(material)
    session.flush()
    return material
