"""提现: how much, is that right, and then the same request that the H5 page makes."""

from dataclasses import dataclass

from bot.answers import guide
from bot.chat import Chat
from bot.commands import Command
from rules.errors import RuleViolation
from rules.money import AmountRefused
from rules.payout_conversation import (
    ALL,
    PAYOUT_FLOW,
    STALE_AFTER,
    Answer,
    PayoutStep,
    hear,
    read_amount,
    wish_of,
)
from rules.payouts import (
    PayoutAboveAvailable,
    PayoutAboveCap,
    PayoutAmountInvalid,
    PayoutBelowMinimum,
    PayoutChannel,
    PayoutNeedsRealName,
)
from wechat.events import TextReply
from workflows.conversations import (
    StoredConversation,
    conversation_of,
    forget_conversation,
    keep_conversation,
)
from workflows.payouts.request import ask_for_payout, check_payout, offer_payout

HEARD = frozenset({Command.PAYOUT, Command.CONFIRM, Command.CONTINUE, Command.CANCEL})
"""Commands that are answers inside the conversation; all others interrupt it."""

ABOUT_THE_AMOUNT = (
    AmountRefused,
    PayoutAmountInvalid,
    PayoutBelowMinimum,
    PayoutAboveCap,
    PayoutAboveAvailable,
    PayoutNeedsRealName,
)
"""Refusals after which another amount may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The amount that she was shown for confirmation, and what would reach her; fen."""

    amount_fen: int
    net_fen: int


def begin(chat: Chat) -> TextReply:
    """She tapped or wrote 提现 alone."""
    return ask(chat, "提现")


def ask(chat: Chat, text: str) -> TextReply:
    """Answer 提现, 提现 50 or 全部提现: ask how much, or whether it is right."""
    distributor = chat.caller.distributor
    if distributor is None:
        return guide.not_a_distributor(chat)
    wish = wish_of(text) or ""
    if not wish:
        return _ask_amount(chat, distributor.id)
    return _ask_confirmation(chat, distributor.id, wish)


def is_heard(chat: Chat, command: Command | None) -> bool:
    """Tell whether a text is part of her running conversation, rather than beside it."""
    is_running = chat.caller.conversation == PAYOUT_FLOW
    return is_running and (command is None or command in HEARD)


def go_on(chat: Chat, text: str, command: Command | None) -> TextReply:
    """Take her answer; two of them at once queue at the conversation's row."""
    stored = conversation_of(chat.session, chat.caller.id)
    distributor = chat.caller.distributor
    if stored is None or stored.flow != PAYOUT_FLOW or distributor is None:
        # Her message before this one has just ended the conversation.
        return nothing_to_confirm(chat)
    if command is Command.CANCEL:
        forget_conversation(chat.session, chat.caller.id)
        return chat.say("bot/payout_cancelled.txt")
    if command is Command.PAYOUT:
        return ask(chat, text)
    asked = _asked(stored)
    is_stale = chat.now - stored.updated_at > STALE_AFTER
    if asked is not None and (is_stale or command is Command.CONTINUE):
        return _show(chat, distributor.id, asked.amount_fen)
    if command is Command.CONTINUE:
        return _ask_amount(chat, distributor.id)
    return _hear(chat, distributor.id, text, asked)


def nothing_to_confirm(chat: Chat) -> TextReply:
    """She confirms, and nothing waits for it."""
    return chat.say("bot/nothing_to_confirm.txt")


def _hear(chat: Chat, distributor_id: int, text: str, asked: _Asked | None) -> TextReply:
    try:
        heard = hear(PayoutStep.AMOUNT if asked is None else PayoutStep.CONFIRM, text)
    except AmountRefused as refusal:
        return _refused(chat, distributor_id, refusal)
    if heard.answer is Answer.EVERYTHING:
        return _ask_confirmation(chat, distributor_id, ALL)
    if heard.amount_fen is not None:
        return _show(chat, distributor_id, heard.amount_fen)
    assert asked is not None, "only an amount answers the first question"
    if heard.answer is Answer.CONFIRMED:
        return _request(chat, distributor_id, asked)
    return _show(chat, distributor_id, asked.amount_fen)


def _ask_amount(chat: Chat, distributor_id: int) -> TextReply:
    try:
        offer = offer_payout(chat.session, distributor_id, chat.now)
    except RuleViolation as refusal:
        return _over(chat, refusal)
    _keep(chat, None)
    return chat.say("bot/payout_amount.txt", offer=offer)


def _ask_confirmation(chat: Chat, distributor_id: int, wish: str) -> TextReply:
    try:
        if wish == ALL:
            amount_fen = offer_payout(chat.session, distributor_id, chat.now).most_fen
        else:
            amount_fen = read_amount(wish)
    except RuleViolation as refusal:
        return _refused(chat, distributor_id, refusal)
    return _show(chat, distributor_id, amount_fen)


def _show(chat: Chat, distributor_id: int, amount_fen: int) -> TextReply:
    """Show what the payout would be, and ask whether that is right."""
    try:
        parts = check_payout(
            chat.session, distributor_id, amount_fen, PayoutChannel.WECHAT, chat.now
        )
    except RuleViolation as refusal:
        return _refused(chat, distributor_id, refusal)
    _keep(chat, _Asked(amount_fen=amount_fen, net_fen=parts.net_fen))
    return chat.say("bot/payout_confirm.txt", amount_fen=amount_fen, parts=parts)


def _request(chat: Chat, distributor_id: int, asked: _Asked) -> TextReply:
    """Ask for what was shown; where the tax has changed meanwhile, show that first."""
    try:
        parts = check_payout(
            chat.session, distributor_id, asked.amount_fen, PayoutChannel.WECHAT, chat.now
        )
        if parts.net_fen != asked.net_fen:
            return _show(chat, distributor_id, asked.amount_fen)
        payout = ask_for_payout(
            chat.session, distributor_id, asked.amount_fen, PayoutChannel.WECHAT, chat.now
        )
    except RuleViolation as refusal:
        return _refused(chat, distributor_id, refusal)
    forget_conversation(chat.session, chat.caller.id)
    return chat.say("bot/payout_requested.txt", payout=payout)


def _refused(chat: Chat, distributor_id: int, refusal: RuleViolation) -> TextReply:
    """Say why; where another amount may do, ask for one."""
    if not isinstance(refusal, ABOUT_THE_AMOUNT):
        return _over(chat, refusal)
    try:
        offer_payout(chat.session, distributor_id, chat.now)
    except RuleViolation as always:
        return _over(chat, always)
    _keep(chat, None)
    needs_name = isinstance(refusal, PayoutNeedsRealName)
    return chat.say(
        "bot/payout_refused.txt", reason=refusal.message, is_over=False, needs_name=needs_name
    )


def _over(chat: Chat, refusal: RuleViolation) -> TextReply:
    """Say why nothing may be asked for now, and forget the question."""
    forget_conversation(chat.session, chat.caller.id)
    return chat.say("bot/payout_refused.txt", reason=refusal.message, is_over=True)


def _keep(chat: Chat, asked: _Asked | None) -> None:
    step = PayoutStep.AMOUNT if asked is None else PayoutStep.CONFIRM
    answers = {"amount_fen": asked.amount_fen, "net_fen": asked.net_fen} if asked else {}
    conversation = StoredConversation(
        flow=PAYOUT_FLOW, step=step.value, answers=answers, updated_at=chat.now
    )
    keep_conversation(chat.session, chat.caller.id, conversation)


def _asked(stored: StoredConversation) -> _Asked | None:
    """Read what she was shown, if she was."""
    amount_fen, net_fen = stored.answers.get("amount_fen"), stored.answers.get("net_fen")
    if PayoutStep(stored.step) is PayoutStep.AMOUNT:
        return None
    assert isinstance(amount_fen, int)
    assert isinstance(net_fen, int)
    return _Asked(amount_fen=amount_fen, net_fen=net_fen)
