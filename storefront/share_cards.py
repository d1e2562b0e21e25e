"""What a page hands to a chat when a distributor shares it."""

from dataclasses import dataclass

from wechat.gateway import JsSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCard:
    """A share card; `link` carries her code. Without a signature only the link can be copied."""

    signature: JsSignature | None
    title: str
    text: str
    link: str
    picture_url: str
