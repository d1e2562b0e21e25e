"""A reply as it is kept with its message, for WeChat's repeats."""

from wechat.events import ImageReply, NoReply, Reply, TextReply

_TEXT = "text:"
_IMAGE = "image:"


def to_stored(reply: Reply) -> str | None:
    """Return what to keep of a reply; None for `success`."""
    if isinstance(reply, TextReply):
        return f"{_TEXT}{reply.text}"
    if isinstance(reply, ImageReply):
        return f"{_IMAGE}{reply.media_id}"
    return None


def from_stored(stored: str | None) -> Reply:
    """Return the reply that was kept."""
    if stored is None:
        return NoReply()
    if stored.startswith(_IMAGE):
        return ImageReply(media_id=stored.removeprefix(_IMAGE))
    return TextReply(text=stored.removeprefix(_TEXT))
