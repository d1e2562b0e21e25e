"""What a person can ask for in one or two words, typed or by the menu."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rules.distributors import plain_text
from rules.explanation import question_of
from rules.payout_conversation import wish_of


class Command(StrEnum):
    """One thing to ask for; the value is also the menu's key."""

    JOIN = "join"
    CONTINUE = "continue"
    CANCEL = "cancel"
    CODE = "code"
    PERFORMANCE = "performance"
    COMMISSION = "commission"
    PAYOUT = "payout"
    CONFIRM = "confirm"
    EXPLAIN = "explain"
    ORDERS = "orders"
    MATERIAL = "material"
    LESSONS = "lessons"
    HELP = "help"


_WORDS: Final = {
    Command.JOIN: (
        "加入 申请 加入我们 我要加入 申请加入 申请分销 加入分销 我要申请 成为分销商 申请分销商"
    ),
    Command.CONTINUE: "继续 继续申请 继续填写",
    Command.CANCEL: "取消 退出 取消申请 不申请了",
    Command.CODE: "我的推广码 推广码 我的海报 海报 推广海报 我的二维码 二维码",
    Command.PERFORMANCE: "我的业绩 业绩 销售额 我的客户 客户",
    Command.COMMISSION: (
        "我的佣金 佣金 余额 收益 我的收益 提现进度 提现记录 提现明细 我的提现 "
        "结算单 我的结算单 收款信息 收款账户 银行卡"
    ),
    Command.PAYOUT: "提现 我要提现 我想提现 申请提现 全部提现",
    Command.CONFIRM: "确认 确认提现 确定",
    Command.EXPLAIN: "为什么 明细 佣金明细 怎么算 怎么算的",
    Command.ORDERS: "我的订单 订单 查订单",
    Command.MATERIAL: "素材 我的素材 素材中心 推广素材 文案",
    Command.LESSONS: "培训 课程 培训课程 学习",
    Command.HELP: "帮助 菜单 功能 你好 您好 在吗 客服 help hi hello",
}
_BY_WORD: Final = MappingProxyType(
    {word: command for command, words in _WORDS.items() for word in words.split()}
)
_BY_KEY: Final = MappingProxyType({command.value: command for command in Command})
_LONGEST: Final = max(map(len, _BY_WORD))
_LONGEST_TYPED: Final = 4 * _LONGEST


def command_of(text: str) -> Command | None:
    """Return the command that a text is, however it is spaced, punctuated or wide."""
    if len(text) <= _LONGEST_TYPED:
        bare = "".join(character for character in plain_text(text) if character.isalnum())
        if (command := _BY_WORD.get(bare.lower())) is not None:
            return command
    if wish_of(text) is not None:
        return Command.PAYOUT
    return None if question_of(text) is None else Command.EXPLAIN


def command_of_key(key: str) -> Command | None:
    """Return the command of a menu entry; None for one of an older menu."""
    return _BY_KEY.get(key)
