"""What a handler works with: who spoke, the words to answer with, and the transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.words import Words
from web.site import SiteFacts
from wechat.events import TextReply
from workflows.inbound import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One message's turn, for an answer that needs no more than what is known of the caller."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat(Talk):
    """One message's turn in a transaction. Handlers call steps with `session`; nothing here
    calls WeChat."""

    session: Session
