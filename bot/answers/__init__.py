"""One file per thing that a person can ask for; each answers a command."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.answers import explain, figures, guide, join, lessons, materials, payout, referral_code
from bot.chat import Chat
from bot.commands import Command
from wechat.events import Reply

Answer = Callable[[Chat], Reply]

ANSWERS: Final[Mapping[Command, Answer]] = MappingProxyType(
    {
        Command.JOIN: join.begin,
        Command.CONTINUE: join.nothing_to_continue,
        Command.CANCEL: join.nothing_to_cancel,
        Command.CODE: referral_code.send,
        Command.PERFORMANCE: figures.performance,
        Command.COMMISSION: figures.commission,
        Command.PAYOUT: payout.begin,
        Command.CONFIRM: payout.nothing_to_confirm,
        Command.EXPLAIN: explain.newest,
        Command.ORDERS: figures.orders,
        Command.MATERIAL: materials.send,
        Command.LESSONS: lessons.show,
        Command.HELP: guide.show,
    }
)
