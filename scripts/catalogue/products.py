"""The brand's twelve products, each photographed on a set of its own; 750 x 750."""

from collections.abc import Callable

from PIL import Image

from scripts.catalogue import stage, vessels
from scripts.catalogue.finish import GOLD, ROSE_GOLD, frosted, glass, gloss, matte
from scripts.catalogue.stage import Mood, ball, branch_shadow, leaf, pebble, petal, place, plinth

SIDE = 750
IVORY = Mood("#efe4d8", "#f8f0e6", "#e6d5c5", "#f2e7db")
BLUSH = Mood("#eed3c8", "#f8e7de", "#e6c4b7", "#f5e2d8")
SAGE = Mood("#cfdcd2", "#e9f0e8", "#bccdc1", "#e6ede4")
MIST = Mood("#cfdfe1", "#ebf2f1", "#b7cdcf", "#e8efed")
SAND = Mood("#f1dcb9", "#fbf0dc", "#e6c999", "#f8ead2")
JADE = Mood("#1f463c", "#3f6d5f", "#173a31", "#2f5c4f")
LILAC = Mood("#dcd2de", "#f0eaf0", "#cbbdce", "#ece4ec")
ROSE = Mood("#d9a8a0", "#efcfc7", "#c98f88", "#edd0c8")


def _set(mood: Mood, shadow: tuple[float, float, float, float] | None = None) -> Image.Image:
    canvas = stage.build(SIDE, SIDE, 0.62, mood)
    if shadow is not None:
        branch_shadow(canvas, shadow[:2], shadow[2], shadow[3])
    return canvas


def serum() -> Image.Image:
    """精华: a jade bottle under an arch."""
    canvas = _set(BLUSH, (20, -50, 46, 520))
    stage.arch_panel(canvas, (205, 92, 545, 596), "#dfb3a5")
    top = plinth(place(canvas, 375, 648), 190, 46, BLUSH.stone)
    vessels.dropper(
        top.moved(0, 0, 1.32), glass("#2f6a5b"), ("玉兰修护精华", "30 ml"), vessels.PALE
    )
    petal(top.moved(-128, -8), 14, 54)
    leaf(place(canvas, 560, 690), -24, 92)
    petal(place(canvas, 150, 694), -16, 74)
    petal(place(canvas, 596, 712), 188, 58)
    return canvas


def cream() -> Image.Image:
    """面霜: a frosted jar before a rising sun."""
    canvas = _set(IVORY, (740, -60, 132, 520))
    stage.sun(canvas, (470, 300), 190, "#efcdb8")
    top = plinth(place(canvas, 375, 652), 235, 54, IVORY.stone)
    vessels.jar(
        top.moved(0, -4, 1.34), frosted("#d9e6dd"), gloss("#2f5f52"), ("玉润滋养面霜", "50 g")
    )
    ball(place(canvas, 108, 676), 25, "#f3e6da")
    ball(place(canvas, 166, 704), 15, "#e7c3b0")
    petal(place(canvas, 588, 712), -28, 82)
    return canvas


def mask() -> Image.Image:
    """面膜: two pouches over water."""
    canvas = _set(SAGE, (0, -40, 40, 480))
    stage.ripples(place(canvas, 375, 640), 300, "#f4faf6")
    vessels.sachet(place(canvas, 285, 610, 1.38), 5, "#a9c6b9", ("玉竹舒缓面膜", "25 ml × 5 片"))
    vessels.sachet(place(canvas, 470, 652, 1.46), -3, "#e9f1ea", ("玉竹舒缓面膜", "25 ml × 5 片"))
    leaf(place(canvas, 132, 676), -16, 116, "#6f9a86")
    leaf(place(canvas, 150, 690), 18, 84, "#86ad99")
    stage.drop(place(canvas, 640, 700), 20, "#e6f2ec")
    return canvas


def cleanser() -> Image.Image:
    """洁面: a soft tube among stones."""
    canvas = _set(IVORY, (10, -60, 52, 560))
    stage.arch_panel(canvas, (330, 130, 650, 590), "#d7e1d6")
    vessels.tube(
        place(canvas, 388, 648, 1.6), matte("#f6ede4"), gloss("#7fa594"), ("氨基酸洁面乳", "100 g")
    )
    pebble(place(canvas, 178, 664), 78, "#d8cbbd")
    pebble(place(canvas, 182, 602), 50, "#eadfd2")
    pebble(place(canvas, 586, 692), 46, "#c9c5b8")
    leaf(place(canvas, 520, 716), 8, 84, "#7fa594")
    return canvas


def sunscreen() -> Image.Image:
    """防晒: a warm tube, an orange and the sun."""
    canvas = _set(SAND, (760, -40, 128, 560))
    stage.sun(canvas, (375, 286), 214, "#f4c88a")
    top = plinth(place(canvas, 375, 668), 200, 36, SAND.stone)
    vessels.tube(
        top.moved(0, 0, 1.48), matte("#fdf3df"), gloss("#e8a24c"), ("轻透防晒乳", "SPF50+ 50 g")
    )
    stage.citrus(place(canvas, 166, 674), 62)
    stage.citrus(place(canvas, 600, 700), 44)
    leaf(place(canvas, 190, 698), 6, 92, "#7d9a62")
    return canvas


def eye_cream() -> Image.Image:
    """眼霜: a slender bottle and pearls."""
    canvas = _set(LILAC, (0, -60, 48, 540))
    stage.arch_panel(canvas, (140, 120, 440, 592), "#cdbdd0")
    high = plinth(place(canvas, 400, 654), 126, 84, LILAC.stone)
    plinth(place(canvas, 250, 686), 84, 34, "#e2d7e4")
    vessels.airless(
        high.moved(0, 0, 1.36), frosted("#dccbdc"), gloss("#f8f3f0"), ("紧致眼霜", "15 ml")
    )
    ball(place(canvas, 252, 650), 34, "#f3ebef")
    ball(place(canvas, 566, 690), 24, "#e2c9cf")
    ball(place(canvas, 616, 664), 16, "#f6eee8")
    petal(place(canvas, 470, 724), -10, 66, "#dcc2d8")
    return canvas


def lipstick() -> Image.Image:
    """唇膏: open, its cap beside it."""
    canvas = _set(ROSE, (760, -70, 130, 560))
    stage.arch_panel(canvas, (190, 96, 490, 596), "#c98d86")
    top = plinth(place(canvas, 340, 660), 168, 44, ROSE.stone)
    vessels.lipstick(top.moved(0, 0, 1.42), "#a92f3b", gloss("#20302c"))
    vessels.cap(place(canvas, 566, 690, 1.3), gloss("#20302c"))
    petal(place(canvas, 132, 690), -30, 86, "#d98c8a")
    petal(place(canvas, 176, 716), 4, 70, "#e3a7a0")
    return canvas


def body_lotion() -> Image.Image:
    """身体乳: a pump bottle with a golden head."""
    canvas = _set(IVORY, (10, -50, 44, 540))
    stage.sun(canvas, (260, 300), 176, "#e3d3bf")
    top = plinth(place(canvas, 400, 672), 180, 30, IVORY.stone)
    vessels.pump(
        top.moved(0, 0, 1.42), matte("#e6d6c7"), GOLD, ("柔润身体乳", "250 ml"), vessels.DARK
    )
    pebble(place(canvas, 138, 676), 58, "#d5c5b4")
    ball(place(canvas, 140, 628), 22, "#f2e6d9")
    leaf(place(canvas, 590, 706), -20, 104, "#8fa58c")
    return canvas


def hand_cream() -> Image.Image:
    """护手霜: three small tubes in a row."""
    canvas = _set(BLUSH, (740, -60, 134, 520))
    top = plinth(place(canvas, 375, 668), 286, 40, BLUSH.stone)
    for right, up, tint, lid in (
        (-150, 10, "#dfe8df", "#7fa594"),
        (150, 10, "#f4e4c8", "#d9a860"),
        (0, -10, "#f6dcd4", "#c98d86"),
    ):
        spot = top.moved(right, up, 1.16)
        vessels.tube(spot, matte(tint), gloss(lid), ("丝滑护手霜", "50 g"))
    petal(place(canvas, 84, 700), -24, 70)
    petal(place(canvas, 640, 716), 200, 60)
    return canvas


def cleansing_oil() -> Image.Image:
    """卸妆油: golden oil in clear glass."""
    canvas = _set(SAND, (10, -60, 48, 560))
    stage.arch_panel(canvas, (250, 84, 570, 594), "#eccb95")
    top = plinth(place(canvas, 410, 664), 178, 40, SAND.stone)
    body, head = glass("#dc9f3f"), gloss("#f7f1e6")
    vessels.pump(top.moved(0, 0, 1.38), body, head, ("净澈卸妆油", "200 ml"), "#4a3312")
    stage.drop(place(canvas, 150, 690), 32, "#e8b45e")
    stage.drop(place(canvas, 206, 716), 17, "#e8b45e")
    stage.drop(place(canvas, 640, 700), 22, "#e8b45e")
    return canvas


def toner() -> Image.Image:
    """爽肤水: clear water in a heavy bottle, standing in still water."""
    canvas = _set(MIST, (750, -60, 130, 540))
    stage.sun(canvas, (300, 270), 168, "#bcd3d6")
    stage.ripples(place(canvas, 390, 660), 330, "#f3fafa")
    body = glass("#a9d0cf")
    vessels.toner(
        place(canvas, 390, 662, 1.44),
        body,
        gloss("#f4f3ee"),
        ("玉露爽肤水", "150 ml"),
        vessels.DARK,
    )
    pebble(place(canvas, 184, 676), 54, "#b9c6c5")
    pebble(place(canvas, 252, 708), 30, "#d6dedb")
    stage.drop(place(canvas, 622, 704), 20, "#e2f0f0")
    return canvas


def gift_box() -> Image.Image:
    """礼盒: the box, the serum and the cream."""
    canvas = _set(JADE)
    stage.sun(canvas, (375, 270), 196, "#c9a877")
    top = plinth(place(canvas, 375, 672), 310, 34, JADE.stone)
    vessels.giftbox(top.moved(-50, 24, 1.26), "#f3e7d6", "#b98a55")
    vessels.dropper(top.moved(196, -4, 1.02), glass("#2f6a5b"), ("修护精华", "30 ml"), vessels.PALE)
    vessels.jar(top.moved(62, -30, 0.62), frosted("#e3ece4"), ROSE_GOLD, ("滋养面霜", "50 g"))
    petal(place(canvas, 92, 706), -20, 78)
    petal(place(canvas, 600, 722), 192, 60)
    return canvas


PRODUCTS: dict[str, Callable[[], Image.Image]] = {
    "serum": serum,
    "cream": cream,
    "mask": mask,
    "cleanser": cleanser,
    "sunscreen": sunscreen,
    "eye-cream": eye_cream,
    "lipstick": lipstick,
    "body-lotion": body_lotion,
    "hand-cream": hand_cream,
    "cleansing-oil": cleansing_oil,
    "toner": toner,
    "gift-box": gift_box,
}
