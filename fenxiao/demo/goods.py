"""What the demo's brand sells, teaches and shares. Amounts are fen."""

from dataclasses import dataclass

from workflows.catalogue import SkuDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A product of the demo; its picture is `static/demo/product-<slug>.jpg`."""

    slug: str
    name: str
    tagline: str
    line: str
    description: str
    skus: tuple[SkuDraft, ...]


def _sku(slug: str, spec: str, sale: int, listed: int, stock: int = 600) -> SkuDraft:
    """A SKU whose cost is about a third of its price, with room for both levels above the floor."""
    return SkuDraft(
        code=f"SY-{slug}-{spec}".replace(" ", ""),
        name=spec,
        cost_fen=sale * 35 // 100,
        floor_fen=sale * 70 // 100,
        ceiling_fen=listed * 12 // 10,
        list_fen=listed,
        sale_fen=sale,
        on_hand=stock,
    )


GOODS = (
    Good(
        slug="serum",
        name="玉兰修护精华",
        tagline="二裂酵母与玉兰花萃，稳住泛红",
        line="精华护理",
        description="早晚洁面后取 2–3 滴，轻按至吸收。\n"
        "二裂酵母发酵产物 12%，玉兰花提取物 3%，不含酒精与香精。\n敏感肌请先在耳后试用。",
        skus=(_sku("serum", "30 ml", 26_900, 32_900), _sku("serum", "50 ml", 38_900, 46_900)),
    ),
    Good(
        slug="cream",
        name="玉润滋养面霜",
        tagline="神经酰胺 + 角鲨烷，锁水一整夜",
        line="精华护理",
        description="晚间护肤最后一步，黄豆大小，掌心温热后按压全脸。\n"
        "神经酰胺 NP 与角鲨烷 1:1 搭配，干皮秋冬也不起皮。",
        skus=(_sku("cream", "50 g", 21_900, 26_900),),
    ),
    Good(
        slug="eye-cream",
        name="紧致眼霜",
        tagline="六胜肽，淡化干纹",
        line="精华护理",
        description="无名指取米粒大小，由内眼角向外轻点。\n乙酰基六肽-8 与咖啡因，白天晚上都能用。",
        skus=(_sku("eye-cream", "15 ml", 19_900, 23_900),),
    ),
    Good(
        slug="toner",
        name="玉露爽肤水",
        tagline="清润不黏，湿敷也好用",
        line="基础护肤",
        description="洁面后倒在化妆棉上擦拭，或湿敷 3 分钟。\n玻色因 1%，pH 5.5，无酒精。",
        skus=(_sku("toner", "150 ml", 13_900, 16_900),),
    ),
    Good(
        slug="cleanser",
        name="氨基酸洁面乳",
        tagline="洗完不紧绷，敏感肌可用",
        line="基础护肤",
        description="取适量加水打泡，避开眼周，温水洗净。\n椰油酰甘氨酸钾表活，弱酸性。",
        skus=(_sku("cleanser", "100 g", 8_900, 10_900, 900),),
    ),
    Good(
        slug="cleansing-oil",
        name="净澈卸妆油",
        tagline="30 秒乳化，不糊眼",
        line="基础护肤",
        description="干手干脸打圈 30 秒，加水乳化后洗净。\n葵花籽油与橄榄油酯，防水妆也能卸。",
        skus=(_sku("cleansing-oil", "200 ml", 12_900, 15_900),),
    ),
    Good(
        slug="sunscreen",
        name="轻透防晒乳",
        tagline="SPF50+ PA++++，不搓泥",
        line="基础护肤",
        description="出门前 15 分钟涂满面颈，每 2 小时补涂。\n成膜快，不假白。",
        skus=(_sku("sunscreen", "50 g", 14_900, 17_900, 800),),
    ),
    Good(
        slug="mask",
        name="玉竹舒缓面膜",
        tagline="熬夜后 15 分钟回神",
        line="基础护肤",
        description="洁面后敷 15 分钟，取下按摩至吸收，无需清洗。\n玉竹提取物与泛醇，每周 2–3 次。",
        skus=(_sku("mask", "5 片", 9_900, 12_900, 1_000), _sku("mask", "15 片", 26_900, 36_900)),
    ),
    Good(
        slug="body-lotion",
        name="柔润身体乳",
        tagline="烟酰胺与乳木果，一抹化开",
        line="身体与彩妆",
        description="沐浴后趁身体微湿涂抹。\n烟酰胺 3%，淡淡白茶香。",
        skus=(_sku("body-lotion", "250 ml", 11_900, 14_900),),
    ),
    Good(
        slug="hand-cream",
        name="丝滑护手霜",
        tagline="不黏手机屏的护手霜",
        line="身体与彩妆",
        description="随身一支，洗手后随手涂。\n尿素与甘油，留香两小时。",
        skus=(_sku("hand-cream", "50 g", 4_900, 5_900, 1_500),),
    ),
    Good(
        slug="lipstick",
        name="丝绒唇膏",
        tagline="黄皮友好的四个日常色",
        line="身体与彩妆",
        description="薄涂日常，厚涂提气色。\n添加霍霍巴油，不拔干。",
        skus=(
            _sku("lipstick", "豆沙", 12_900, 15_900, 300),
            _sku("lipstick", "枫叶红", 12_900, 15_900, 300),
            _sku("lipstick", "奶茶", 12_900, 15_900, 300),
            _sku("lipstick", "正红", 12_900, 15_900, 300),
        ),
    ),
    Good(
        slug="gift-box",
        name="漱玉礼盒",
        tagline="精华 + 面霜，送人自用都体面",
        line="礼盒",
        description="内含玉兰修护精华 30 ml 与玉润滋养面霜 50 g，附手提袋与贺卡。\n数量有限。",
        skus=(_sku("gift-box", "精华 30 ml + 面霜 50 g", 43_900, 59_800, 200),),
    ),
)
