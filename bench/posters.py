"""Posters per second on one core, against the bare JPEG encoding of the same picture.

The ratio can pass 1: a poster encodes only the band of the picture that is the distributor's own.
"""

import io
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure
from posters.referral import QUALITY, Backdrop, ReferralPoster, compose, draw

ART = Path(__file__).parents[1] / "static" / "demo" / "product-serum.jpg"
ROUNDS = 7
POSTERS_PER_ROUND = 60
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
LEAST_PER_SECOND = 250
GIVEN = ("晓棠", "喆", "雨桐", "镕基", "思远", "囍乐", "梓涵", "欣怡", "浩然", "静怡")


def figures(rounds: int) -> Sequence[Figure]:
    """Measure, and compare with the target."""
    found = measure(rounds)
    return [
        Figure(
            name="posters",
            measured=f"{found.posters_per_second:.0f} posters/s on one core (750×1334, q{QUALITY})",
            limit=f"{found.encodings_per_second:.0f}/s: the JPEG encoding alone",
            ratio=found.ratio,
            target=f"≥ {LEAST_PER_SECOND}/s",
            met=found.posters_per_second >= LEAST_PER_SECOND,
            numbers={
                "posters_per_second": found.posters_per_second,
                "encodings_per_second": found.encodings_per_second,
                "ratio": found.ratio,
            },
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterFigure:
    """Medians over the rounds; `ratio` is posters' speed as a share of bare encoding's."""

    posters_per_second: float
    encodings_per_second: float
    ratio: float


def measure(rounds: int = ROUNDS) -> PosterFigure:
    """Draw posters of different people, and encode one of them again and again, by turns.

    Time is the thread's processor time, so that a busy machine doesn't change the figure.
    """
    backdrop = Backdrop(
        brand_name="漱玉",
        headline="把好皮肤，养成日常",
        subline="温和修护",
        art=ART.read_bytes(),
    )
    people = itertools.cycle(
        ReferralPoster(
            backdrop=backdrop,
            distributor_name=family + given,
            code_content=f"http://weixin.qq.com/q/02aBcDeFgHiJkLmNoPqR{number:05}",
            certificate_number=f"SY-2026-{number:06}",
        )
        for number, (family, given) in enumerate(itertools.product(FAMILY, GIVEN))
    )
    picture = compose(next(people))

    def encode() -> None:
        picture.save(io.BytesIO(), "JPEG", quality=QUALITY)

    pairs = [(_rate(lambda: draw(next(people))), _rate(encode)) for _ in range(rounds)]
    return PosterFigure(
        posters_per_second=statistics.median(drawn for drawn, _ in pairs),
        encodings_per_second=statistics.median(bare for _, bare in pairs),
        ratio=statistics.median(drawn / bare for drawn, bare in pairs),
    )


def _rate(action: Callable[[], object]) -> float:
    start = time.thread_time()
    for _ in range(POSTERS_PER_ROUND):
        action()
    return POSTERS_PER_ROUND / (time.thread_time() - start)
