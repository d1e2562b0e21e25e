"""A distributor's referral code and what her poster shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.catalogue import Product
from models.distributors import Distributor
from models.people import WeChatUser
from models.pictures import Picture, UploadedPicture
from models.referrals import ReferralCode
from rules.distributors import DistributorStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOwner:
    """A distributor with her code; `qr_url` is what her QR contains, None before it is made."""

    distributor_id: int
    wechat_user_id: int
    openid: str
    name: str
    number: str
    status: DistributorStatus
    authorised_until: datetime
    code: str
    qr_url: str | None


def code_owner(session: Session, distributor_id: int) -> CodeOwner:
    """Return a distributor's code.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such distributor.
    """
    row = session.execute(
        select(Distributor, ReferralCode, WeChatUser.openid)
        .join(ReferralCode, ReferralCode.distributor_id == Distributor.id)
        .join(WeChatUser, WeChatUser.id == Distributor.wechat_user_id)
        .where(Distributor.id == distributor_id)
    ).one()
    distributor, code, openid = row
    return CodeOwner(
        distributor_id=distributor.id,
        wechat_user_id=distributor.wechat_user_id,
        openid=openid,
        name=distributor.name,
        number=distributor.number,
        status=distributor.status,
        authorised_until=distributor.authorised_until,
        code=code.code,
        qr_url=code.qr_url,
    )


def poster_art(session: Session) -> bytes | None:
    """Return the picture that posters show: the shop's first product; None without products."""
    return session.scalar(
        select(Picture.jpeg)
        .join(Product, Product.picture_id == Picture.id)
        .where(Product.is_listed.is_(True))
        .order_by(Product.position, Product.id)
        .limit(1)
    )


def usable_media(session: Session, subject: str, now: datetime) -> str | None:
    """Return WeChat's id of a picture that was uploaded and hasn't expired."""
    return session.scalar(
        select(UploadedPicture.media_id).where(
            UploadedPicture.subject == subject, UploadedPicture.expires_at > now
        )
    )
