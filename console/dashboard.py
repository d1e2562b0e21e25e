"""The first page: today, what waits, the last two weeks, who sells most."""

from datetime import timedelta

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import current_staff, may, requires
from console.navigation import waiting
from queries.audit_runs import last_audit
from queries.dashboard import DaySales, distributor_count, sales_by_day, top_distributors
from rules.china_time import day_start
from rules.staff import Permission
from web.collaborators import collaborators

DAYS = 14
TOP_DAYS = 30
TOP = 6


@blueprint.get("/")
@requires(Permission.VIEW_DASHBOARD)
def show_dashboard() -> ResponseReturnValue:
    """The dashboard (概览)."""
    tools = collaborators()
    now = tools.now()
    tomorrow = day_start(now) + timedelta(days=1)
    with tools.sessions.read() as session:
        days = sales_by_day(session, now, DAYS)
        top = top_distributors(session, tomorrow - timedelta(days=TOP_DAYS), tomorrow, TOP)
        distributors = distributor_count(session)
        audit = last_audit(session) if may(Permission.VIEW_AUDIT) else None
    return render_template(
        "console/dashboard/show.html",
        staff_name=current_staff().name,
        now=now,
        today=days[-1],
        yesterday=days[-2],
        chart=chart_of(days),
        has_sales=any(day.orders for day in days),
        total_fen=sum(day.sales_fen for day in days),
        total_orders=sum(day.orders for day in days),
        total_commission_fen=sum(day.commission_fen for day in days),
        top=top,
        top_days=TOP_DAYS,
        distributors=distributors,
        waiting=waiting(),
        broken_audit=audit if audit is not None and audit.violations else None,
    )


@blueprint.get("")
def show_root() -> ResponseReturnValue:
    """The console's address without its slash."""
    return redirect("/console/")


def chart_of(days: tuple[DaySales, ...]) -> dict[str, object]:
    """Return what `static/js/charts.js` draws; amounts become yuan there, and only there."""
    return {
        "days": [f"{day.day:%m-%d}" for day in days],
        "unit": "元",
        "series": [
            {"name": "销售额", "values": [_yuan(day.sales_fen) for day in days]},
            {"name": "佣金", "values": [_yuan(day.commission_fen) for day in days]},
        ],
    }


def _yuan(amount_fen: int) -> str:
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{fen:02d}"
