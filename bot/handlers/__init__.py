"""One file per kind of message or event; `respond` finds the right one."""

from bot.chat import Chat
from bot.handlers import clicked, said, scanned, sent, subscribed, unsubscribed
from rules.chat_window import InteractionKind
from wechat.events import (
    InboundEvent,
    MenuClicked,
    NoReply,
    OtherMessage,
    Reply,
    Scanned,
    Subscribed,
    TextMessage,
    Unsubscribed,
)


def respond(event: InboundEvent, chat: Chat) -> Reply:
    """Do what the message asks for, and return the reply."""
    reply: Reply = NoReply()
    match event:
        case TextMessage():
            reply = said.respond(event, chat)
        case MenuClicked():
            reply = clicked.respond(event, chat)
        case Subscribed():
            reply = subscribed.respond(event, chat)
        case Scanned():
            reply = scanned.respond(event, chat)
        case Unsubscribed():
            reply = unsubscribed.respond(event, chat)
        case OtherMessage():
            reply = sent.respond(event, chat)
    return reply


def interaction_of(event: InboundEvent) -> InteractionKind | None:
    """Return which window for customer-service messages the event opens, None for none."""
    match event:
        case TextMessage() | OtherMessage():
            return InteractionKind.MESSAGE
        case MenuClicked():
            return InteractionKind.CLICK
        case Subscribed():
            return InteractionKind.SUBSCRIBE
        case Scanned():
            return InteractionKind.SCAN
    return None
