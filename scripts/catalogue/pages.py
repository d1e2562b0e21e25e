"""The brand's pictures with words: shop banner, logo, lesson covers, materials to share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageDraw

from posters import shapes
from posters.lettering import Style, width, write, write_centred
from scripts.catalogue import products, stage, vessels
from scripts.catalogue.finish import GOLD, frosted, glass, gloss, matte
from scripts.catalogue.stage import Mood, ball, branch_shadow, leaf, petal, place, plinth

INK = "#23443d"
SOFT = "#75675d"
LINE = "#b98a55"
CREAM = "#fbf3e4"


def hero() -> Image.Image:
    """Return the shop's banner, 1125 x 600: four products on two plinths."""
    canvas = stage.build(1125, 600, 0.66, products.BLUSH)
    branch_shadow(canvas, (1120, -60), 132, 460)
    stage.arch_panel(canvas, (640, 60, 940, 474), "#dfb3a5")
    back = plinth(place(canvas, 800, 488), 286, 56, products.BLUSH.stone)
    vessels.toner(
        back.moved(-176, 10, 0.92),
        glass("#a9d0cf"),
        gloss("#f4f3ee"),
        ("玉露爽肤水", "150 ml"),
        vessels.DARK,
    )
    vessels.pump(
        back.moved(168, 10, 0.9), matte("#e6d6c7"), GOLD, ("柔润身体乳", "250 ml"), vessels.DARK
    )
    vessels.dropper(
        back.moved(-10, -2, 1.12), glass("#2f6a5b"), ("玉兰修护精华", "30 ml"), vessels.PALE
    )
    front = plinth(place(canvas, 850, 548), 96, 22, "#f8eae2")
    vessels.jar(
        front.moved(0, -2, 0.62), frosted("#d9e6dd"), gloss("#2f5f52"), ("玉润滋养面霜", "50 g")
    )
    ball(place(canvas, 690, 552), 18, "#f3e6da")
    petal(place(canvas, 596, 562), -16, 54)
    leaf(place(canvas, 980, 566), -14, 70)
    page = stage.finish(canvas)
    _rule(page, (80, 176), 46)
    write(page, (80, 262), "一瓣玉兰", Style(size=64, colour=INK, tracking=6))
    write(page, (80, 344), "养一方好肤", Style(size=64, colour=INK, tracking=6))
    small = Style(size=26, colour=SOFT, is_bold=False, tracking=3)
    write(page, (82, 402), "漱玉 · 东方植物护肤", small)
    return page


def logo() -> Image.Image:
    """Return the brand's avatar, 200 x 200."""
    page = shapes.vertical((800, 800), "#2f6a5b", "#183d33")
    shapes.glow(page, (-300, -300, 600, 600), "#7fb09e", 150)
    draw = ImageDraw.Draw(page)
    draw.ellipse((84, 84, 716, 716), outline="#d9b98a", width=9)
    draw.ellipse((108, 108, 692, 692), outline="#d9b98a", width=3)
    write_centred(page, (400, 446), "漱玉", Style(size=216, colour=CREAM, tracking=14))
    latin = Style(size=52, colour="#d9b98a", is_bold=False, tracking=26)
    write_centred(page, (400, 560), "SHUYU", latin)
    return page.resize((200, 200), Image.Resampling.LANCZOS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A lesson's cover: its series, its title in two lines, and the picture's set."""

    series: str
    first: str
    second: str
    mood: Mood
    panel: str
    ink: str = INK
    soft: str = SOFT


def _lesson(cover: Cover, dress: Callable[[Image.Image], None]) -> Image.Image:
    canvas = stage.build(900, 500, 0.66, cover.mood)
    branch_shadow(canvas, (900, -50), 134, 360)
    stage.arch_panel(canvas, (548, 48, 800, 398), cover.panel)
    dress(canvas)
    page = stage.finish(canvas)
    label = Style(size=20, colour=CREAM, tracking=2)
    wide = width(cover.series, label) + 36
    page.paste(vessels.DARK, (64, 118), shapes.card((wide, 38), 19))
    write(page, (82, 144), cover.series, label)
    title = Style(size=54, colour=cover.ink, tracking=3)
    write(page, (64, 240), cover.first, title)
    write(page, (64, 312), cover.second, title)
    _rule(page, (66, 350), 40)
    write(page, (66, 402), "漱玉学堂", Style(size=22, colour=cover.soft, is_bold=False, tracking=4))
    return page


def _dress_skin(canvas: Image.Image) -> None:
    top = plinth(place(canvas, 676, 428), 140, 34, products.SAGE.stone)
    vessels.dropper(
        top.moved(-40, 4, 0.88), glass("#2f6a5b"), ("玉兰修护精华", "30 ml"), vessels.PALE
    )
    vessels.jar(
        top.moved(62, -14, 0.56), frosted("#e6eee7"), gloss("#2f5f52"), ("滋养面霜", "50 g")
    )
    leaf(place(canvas, 528, 452), -16, 66)


def _dress_serum(canvas: Image.Image) -> None:
    top = plinth(place(canvas, 676, 428), 130, 34, products.SAND.stone)
    vessels.pump(
        top.moved(0, 0, 0.84),
        glass("#dc9f3f"),
        gloss("#f7f1e6"),
        ("净澈卸妆油", "200 ml"),
        "#4a3312",
    )
    stage.drop(place(canvas, 520, 446), 18, "#e8b45e")
    stage.drop(place(canvas, 830, 456), 12, "#e8b45e")


def _dress_sharing(canvas: Image.Image) -> None:
    top = plinth(place(canvas, 676, 430), 138, 34, products.ROSE.stone)
    vessels.lipstick(top.moved(-36, 0, 0.94), "#a92f3b", gloss("#20302c"))
    vessels.cap(top.moved(64, -10, 0.88), gloss("#20302c"))
    petal(place(canvas, 516, 450), -22, 58, "#d98c8a")


LESSONS: dict[str, Callable[[], Image.Image]] = {
    "lesson-skin-barrier": partial(
        _lesson,
        Cover(
            series="护肤基础 · 第一课",
            first="读懂皮肤屏障",
            second="护肤少走弯路",
            mood=products.SAGE,
            panel="#b5cabc",
        ),
        _dress_skin,
    ),
    "lesson-cleansing": partial(
        _lesson,
        Cover(
            series="产品知识 · 第二课",
            first="卸妆与洁面",
            second="三步讲给顾客听",
            mood=products.SAND,
            panel="#ecc98f",
        ),
        _dress_serum,
    ),
    "lesson-sharing": partial(
        _lesson,
        Cover(
            series="分享技巧 · 第三课",
            first="一张素材图",
            second="怎样发才自然",
            mood=products.BLUSH,
            panel="#d6a096",
        ),
        _dress_sharing,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Words of a material picture: a headline, what it says, three points."""

    headline: str
    line: str
    points: tuple[str, str, str]
    pill_opacity: int = 150
    ink: str = INK
    soft: str = SOFT


def _material(sheet: Sheet, canvas: Image.Image) -> Image.Image:
    page = stage.finish(canvas)
    write_centred(page, (540, 92), "漱玉", Style(size=30, colour=LINE, tracking=14))
    write_centred(page, (540, 190), sheet.headline, Style(size=72, colour=sheet.ink, tracking=8))
    small = Style(size=30, colour=sheet.soft, is_bold=False, tracking=4)
    write_centred(page, (540, 250), sheet.line, small)
    veil = [level * sheet.pill_opacity // 255 for level in range(256)]
    text = Style(size=27, colour=sheet.ink, tracking=3)
    for index, point in enumerate(sheet.points):
        x = 540 + (index - 1) * 300
        page.paste("#ffffff", (x - 130, 972), shapes.card((260, 60), 30).point(veil))
        write_centred(page, (x, 1012), point, text)
    return page


def _material_serum() -> Image.Image:
    canvas = stage.build(1080, 1080, 0.66, products.BLUSH)
    branch_shadow(canvas, (0, 60), 40, 620)
    stage.arch_panel(canvas, (330, 310, 750, 830), "#dfb3a5")
    top = plinth(place(canvas, 540, 874), 270, 50, products.BLUSH.stone)
    vessels.dropper(top.moved(0, 0, 1.5), glass("#2f6a5b"), ("玉兰修护精华", "30 ml"), vessels.PALE)
    petal(top.moved(-176, -14), 12, 72)
    petal(place(canvas, 208, 916), -18, 96)
    leaf(place(canvas, 800, 900), -22, 118)
    sheet = Sheet(
        headline="换季，稳住好皮肤",
        line="玉兰修护精华 30 ml",
        points=("温和修护", "清润不黏", "早晚可用"),
    )
    return _material(sheet, canvas)


def _material_sunscreen() -> Image.Image:
    canvas = stage.build(1080, 1080, 0.66, products.SAND)
    branch_shadow(canvas, (1080, 40), 134, 600)
    stage.sun(canvas, (540, 560), 262, "#f4c88a")
    top = plinth(place(canvas, 540, 888), 260, 44, products.SAND.stone)
    vessels.tube(
        top.moved(0, 0, 1.62), matte("#fdf3df"), gloss("#e8a24c"), ("轻透防晒乳", "SPF50+ 50 g")
    )
    stage.citrus(place(canvas, 250, 900), 86)
    stage.citrus(place(canvas, 858, 912), 60)
    leaf(place(canvas, 286, 926), 4, 116, "#7d9a62")
    sheet = Sheet(
        headline="晴天，轻装出门",
        line="轻透防晒乳 SPF50+",
        points=("一抹化水", "不假白", "通勤够用"),
    )
    return _material(sheet, canvas)


def _material_gift() -> Image.Image:
    canvas = stage.build(1080, 1080, 0.66, products.JADE)
    stage.sun(canvas, (540, 540), 236, "#c9a877")
    top = plinth(place(canvas, 540, 884), 420, 44, products.JADE.stone)
    vessels.giftbox(top.moved(-84, 30, 1.5), "#f3e7d6", "#b98a55")
    vessels.dropper(top.moved(240, 4, 1.22), glass("#2f6a5b"), ("修护精华", "30 ml"), vessels.PALE)
    vessels.jar(
        top.moved(76, -34, 0.78), frosted("#e3ece4"), gloss("#2f5f52"), ("滋养面霜", "50 g")
    )
    petal(place(canvas, 150, 926), -20, 96)
    petal(place(canvas, 884, 934), 190, 76)
    sheet = Sheet(
        headline="把心意，装进礼盒",
        line="漱玉花信礼盒 · 精华与面霜同行",
        points=("随礼附卡", "丝带手系", "自用送人"),
        pill_opacity=36,
        ink=CREAM,
        soft="#cfdcd2",
    )
    return _material(sheet, canvas)


MATERIALS: dict[str, Callable[[], Image.Image]] = {
    "material-serum": _material_serum,
    "material-sunscreen": _material_sunscreen,
    "material-gift-box": _material_gift,
}


def _rule(page: Image.Image, at: tuple[int, int], length: int) -> None:
    ImageDraw.Draw(page).rectangle((at[0], at[1], at[0] + length, at[1] + 3), LINE)
