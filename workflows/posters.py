"""A distributor's referral poster (推广海报): drawn, and uploaded to WeChat."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, update

from models.database import SessionFactory, insert_on_conflict
from models.pictures import UploadedPicture
from models.referrals import ReferralCode
from posters.referral import Backdrop, ReferralPoster, draw
from queries.referral_codes import CodeOwner, code_owner, poster_art, usable_media
from wechat.gateway import OfficialAccount

HEADLINE = "好物，值得分享"
SUBLINE = "扫码关注 · 专属顾问一对一服务"
MARGIN = timedelta(hours=1)
"""Media that is about to expire at WeChat counts as expired."""


def poster_subject(distributor_id: int) -> str:
    """Return under which name a distributor's uploaded poster is kept."""
    return f"poster:{distributor_id}"


def poster_for(
    sessions: SessionFactory,
    account: OfficialAccount,
    distributor_id: int,
    *,
    brand_name: str,
) -> bytes:
    """Return a distributor's poster as a JPEG. Her permanent QR is made on the first call.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such distributor.
        wechat.errors.WeChatError: WeChat made no QR.
    """
    with sessions.read() as session:
        owner = code_owner(session, distributor_id)
        art = poster_art(session)
    return draw(
        ReferralPoster(
            backdrop=Backdrop(brand_name=brand_name, headline=HEADLINE, subline=SUBLINE, art=art),
            distributor_name=owner.name,
            code_content=owner.qr_url or _make_qr(sessions, account, owner),
            certificate_number=owner.number,
        )
    )


def _make_qr(sessions: SessionFactory, account: OfficialAccount, owner: CodeOwner) -> str:
    """Make her permanent QR; two at once make two that say the same, and the first is kept."""
    url = account.create_permanent_qr(owner.code).url
    with sessions.begin() as session:
        session.execute(
            update(ReferralCode)
            .where(ReferralCode.code == owner.code, ReferralCode.qr_url.is_(None))
            .values(qr_url=url)
        )
    return url


def uploaded_poster(
    sessions: SessionFactory,
    account: OfficialAccount,
    distributor_id: int,
    *,
    brand_name: str,
    now: datetime,
) -> str:
    """Return the media id of her poster at WeChat, uploaded now unless it is there.

    Nothing is sent to anybody, so this may be repeated.

    Raises:
        wechat.errors.WeChatError: no QR could be made, or nothing uploaded.
    """
    subject = poster_subject(distributor_id)
    with sessions.read() as session:
        known = usable_media(session, subject, now + MARGIN)
    if known is not None:
        return known
    jpeg = poster_for(sessions, account, distributor_id, brand_name=brand_name)
    media = account.upload_image(jpeg)
    fresh = {
        "sha256": sha256(jpeg).hexdigest(),
        "media_id": media.media_id,
        "expires_at": media.expires_at,
    }
    with sessions.begin() as session:
        session.execute(
            insert_on_conflict(session, UploadedPicture)
            .values(subject=subject, **fresh)
            .on_conflict_do_update(index_elements=["subject"], set_=fresh)
        )
    return media.media_id


def forget_uploaded(sessions: SessionFactory, distributor_id: int, media_id: str) -> None:
    """Forget media that WeChat says is gone; the next poster is uploaded anew."""
    with sessions.begin() as session:
        session.execute(
            delete(UploadedPicture).where(
                UploadedPicture.subject == poster_subject(distributor_id),
                UploadedPicture.media_id == media_id,
            )
        )
