"""How amounts, times, phones and places are written on pages.

Templates never format these by hand. A wrong type is a programmer's error and raises: an amount
that became a float must not reach a page.
"""

from datetime import datetime

from flask import Flask

from rules import money
from rules.china_time import SHANGHAI
from web import divisions

MINUTE, HOUR = 60, 3600


def _whole(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is a whole number, not {type(value).__name__}")
    return value


def yuan(amount_fen: int) -> str:
    """Write fen in yuan, without the sign: 124000 is `1,240.00`."""
    return money.yuan(_whole(amount_fen, "an amount in fen"))


def yuan_parts(amount_fen: int) -> tuple[str, str]:
    """Split an amount for price type: 124000 is (`1,240`, `00`)."""
    whole, _, fen = yuan(amount_fen).partition(".")
    return whole, fen


def percent(rate_bp: int) -> str:
    """Write basis points as a percentage: 1250 is `12.5%`."""
    return money.percent(_whole(rate_bp, "a rate in basis points"))


def grouped(count: int) -> str:
    """Write a count with thousands separated: 12345 is `12,345`."""
    return f"{_whole(count, 'a count'):,}"


def local(moment: datetime) -> datetime:
    """Turn an aware time into Shanghai's."""
    if moment.tzinfo is None:
        raise ValueError("a naive time can't be shown: its zone is unknown")
    return moment.astimezone(SHANGHAI)


def local_time(moment: datetime | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """Write a time as seen in Shanghai; an absent one is a dash."""
    return "—" if moment is None else local(moment).strftime(pattern)


def written_time(text: str) -> str:
    """Write a time that was written down as ISO text, as seen in Shanghai."""
    return local_time(datetime.fromisoformat(text))


def local_date(moment: datetime | None) -> str:
    """Write the Shanghai date of a time: `2026-11-24`."""
    return local_time(moment, "%Y-%m-%d")


def relative_time(moment: datetime | None, now: datetime) -> str:
    """Write how long ago, or how far ahead, a time is: 刚刚, 5 分钟前, 昨天 14:05, 3 天后."""
    if moment is None:
        return "—"
    there, here = local(moment), local(now)
    seconds = int((here - there).total_seconds())
    ending = "前" if seconds >= 0 else "后"
    if abs(seconds) < MINUTE:
        return "刚刚" if seconds >= 0 else "马上"
    if abs(seconds) < HOUR:
        return f"{abs(seconds) // MINUTE} 分钟{ending}"
    if there.date() == here.date():
        return f"{abs(seconds) // HOUR} 小时{ending}"
    return _relative_day(there, (here.date() - there.date()).days, there.year == here.year)


def _relative_day(there: datetime, days_ago: int, leave_year_out: bool) -> str:
    if days_ago in {1, -1}:
        return f"{'昨天' if days_ago == 1 else '明天'} {there:%H:%M}"
    if abs(days_ago) < 7:
        return f"{abs(days_ago)} 天{'前' if days_ago > 0 else '后'}"
    return f"{there:%m-%d}" if leave_year_out else f"{there:%Y-%m-%d}"


def masked_phone(phone: str | None) -> str:
    """Hide the middle of a phone number: `138****5678`."""
    if not phone:
        return "—"
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def masked_name(name: str | None) -> str:
    """Keep the first character of a name: 王小美 is `王**`."""
    return f"{name[0]}{'*' * (len(name) - 1)}" if name else "—"


def division(code: str | None) -> str:
    """Write the place of a division code: `浙江省 杭州市 西湖区`."""
    if not code:
        return "—"
    return " ".join(divisions.parts_of(code)) or code


def install_filters(app: Flask) -> None:
    """Make the filters known to all templates."""
    app.jinja_env.filters.update(
        {
            function.__name__: function
            for function in (
                yuan,
                yuan_parts,
                percent,
                grouped,
                local_time,
                local_date,
                written_time,
                relative_time,
                masked_phone,
                masked_name,
                division,
            )
        }
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
