"""我的业绩, 我的佣金, 我的订单: a distributor's figures in a few lines."""

from bot.answers import guide
from bot.chat import Chat
from queries.distributor_figures import latest_referred_orders, sales_figures
from queries.payouts import payout_desk
from wechat.events import TextReply

LATEST_ORDERS = 3


def performance(chat: Chat) -> TextReply:
    """Today's and this month's sales, and her customers."""
    distributor = chat.caller.distributor
    if distributor is None:
        return guide.not_a_distributor(chat)
    figures = sales_figures(chat.session, distributor.id, chat.now)
    return chat.say("bot/performance.txt", name=distributor.name, figures=figures)


def commission(chat: Chat) -> TextReply:
    """Her commission by stage, and what was paid out. She may see it even when not authorised."""
    distributor = chat.caller.distributor
    if distributor is None:
        return guide.not_a_distributor(chat)
    desk = payout_desk(chat.session, distributor.id)
    return chat.say(
        "bot/commission.txt",
        money=desk.balances,
        payout=desk.open_payout,
        paid_fen=desk.paid_fen,
    )


def orders(chat: Chat) -> TextReply:
    """The newest orders that she referred; a customer is led to her own."""
    distributor = chat.caller.distributor
    if distributor is None:
        return chat.say("bot/my_orders.txt")
    newest = latest_referred_orders(chat.session, distributor.id, limit=LATEST_ORDERS)
    return chat.say("bot/referred_orders.txt", orders=newest)
