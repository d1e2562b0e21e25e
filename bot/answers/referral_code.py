"""我的推广码: her poster, at once if WeChat has it, else a moment later."""

from bot.answers import guide
from bot.chat import Chat
from queries.referral_codes import usable_media
from wechat.events import ImageReply, Reply
from workflows.outbox import Work, WorkKind, enqueue
from workflows.posters import MARGIN, poster_subject


def send(chat: Chat) -> Reply:
    """Answer with the picture, or ask the worker to draw, upload and send it."""
    distributor = chat.caller.distributor
    if distributor is None or not chat.caller.is_authorised:
        return guide.not_a_distributor(chat)
    media_id = usable_media(chat.session, poster_subject(distributor.id), chat.now + MARGIN)
    if media_id is not None:
        return ImageReply(media_id=media_id)
    work = Work(
        kind=WorkKind.POSTER,
        key=f"poster:{chat.caller.key}"[:120],
        details={"distributor_id": distributor.id},
        wechat_user_id=chat.caller.id,
    )
    enqueue(chat.session, work, chat.now)
    return chat.say("bot/poster_on_its_way.txt", name=distributor.name)
