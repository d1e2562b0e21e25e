"""What a handler works with: who spoke, the transaction, and the words to answer with."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.words import Words
from web.site import SiteFacts
from wechat.events import TextReply
from workflows.inbound import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One message's turn. Handlers call steps with `session`; nothing here calls WeChat."""

    session: Session
    caller: Caller
    site: SiteFacts
    words: Words

    @property
    def now(self) -> datetime:
        """Business time of this message."""
        return self.caller.now

    def say(self, template: str, **facts: object) -> TextReply:
        """Return the text of a template."""
        return self.words.say(template, **facts)
