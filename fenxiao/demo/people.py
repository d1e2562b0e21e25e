"""Who is in the demo: the staff's logins, distributors' shop names, followers' nicknames."""

from dataclasses import dataclass

OWNER = "owner"
FINANCE = "finance"
PASSWORD = "Shuyu-2026-demo"  # noqa: S105 - printed at every start of the demo


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A distributor of the demo; `inviter` is the position of who invited her."""

    name: str
    city: str
    inviter: int | None = None
    grade: str = "copper"


SELLERS = (
    Seller(name="桃子优选", city="330100", grade="gold"),
    Seller(name="小鹿美肤", city="310100", grade="gold"),
    Seller(name="云朵护肤铺", city="320100", grade="silver"),
    Seller(name="阿橘好物", city="440100", grade="silver"),
    Seller(name="半夏美妆", city="510100", grade="silver"),
    Seller(name="青柠小铺", city="420100"),
    Seller(name="豆豆妈的护肤柜", city="330200", inviter=0, grade="silver"),
    Seller(name="一颗糖美妆", city="330400", inviter=0),
    Seller(name="南栀小店", city="350200", inviter=1),
    Seller(name="月半湾", city="310100", inviter=1),
    Seller(name="木槿生活馆", city="320500", inviter=2),
    Seller(name="拾光好物", city="340100", inviter=0),
    Seller(name="麦芽妈妈", city="370200", inviter=3),
    Seller(name="听雨轩护肤", city="430100", inviter=1),
    Seller(name="花间集", city="530100", inviter=4),
    Seller(name="柚子茶姑娘", city="450300"),
    Seller(name="小满美肤", city="610100", inviter=2),
    Seller(name="海棠小院", city="210200"),
    Seller(name="晴天杂货", city="500100", inviter=4),
    Seller(name="白茶清欢", city="350100", inviter=3),
    Seller(name="团团妈优选", city="120100"),
    Seller(name="雪梨护肤室", city="110100", inviter=6),
    Seller(name="知夏", city="360100", inviter=5),
    Seller(name="蜜桃乌龙", city="440300", inviter=6),
    Seller(name="慢慢美", city="220100"),
    Seller(name="初见小店", city="230100", inviter=7),
    Seller(name="小镇姑娘", city="520100", inviter=5),
    Seller(name="松果美妆", city="140100", inviter=0),
    Seller(name="绿野仙踪", city="650100"),
    Seller(name="海边的风", city="460100", inviter=1),
)

FIRST_SYLLABLES = ("阿", "小", "大", "糖", "果", "星", "月", "云", "晚", "安")
SECOND_SYLLABLES = (
    "宁", "桔", "满", "荷", "雅", "溪", "岚", "禾", "朵", "秋",
    "檬", "葵", "兔", "鱼", "米", "茶", "雪", "枫", "柚", "汐",
)  # fmt: skip


def nickname(position: int) -> str:
    """Return a follower's nickname, a different one for each of 200 positions."""
    first = FIRST_SYLLABLES[position % len(FIRST_SYLLABLES)]
    second = SECOND_SYLLABLES[position // len(FIRST_SYLLABLES) % len(SECOND_SYLLABLES)]
    return first + second


FOLLOWERS = len(FIRST_SYLLABLES) * len(SECOND_SYLLABLES)
