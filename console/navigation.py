"""What every console page shows around its content: who is here, and where she may go."""

from dataclasses import dataclass
from typing import Any

from flask import g, request

from console import blueprint
from console.guard import current_staff, is_logged_in, may
from console.words import ROLES
from queries.dashboard import Waiting, waiting_tasks
from rules.staff import Permission
from web.collaborators import collaborators
from web.pages import NavigationEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    title: str
    path: str
    icon: str
    permission: Permission
    waiting: str = ""


_GROUPS = (
    (
        "",
        (
            _Place(
                title="概览",
                path="/console/",
                icon="layout-dashboard",
                permission=Permission.VIEW_DASHBOARD,
            ),
        ),
    ),
    (
        "分销",
        (
            _Place(
                title="招募申请",
                path="/console/applications",
                icon="user-plus",
                permission=Permission.REVIEW_APPLICATIONS,
                waiting="applications",
            ),
            _Place(
                title="分销商",
                path="/console/distributors",
                icon="users",
                permission=Permission.VIEW_DISTRIBUTORS,
            ),
            _Place(
                title="分销政策",
                path="/console/policy",
                icon="certificate",
                permission=Permission.VIEW_POLICY,
            ),
        ),
    ),
    (
        "交易",
        (
            _Place(
                title="订单",
                path="/console/orders",
                icon="receipt",
                permission=Permission.VIEW_ORDERS,
                waiting="to_ship",
            ),
            _Place(
                title="售后",
                path="/console/aftersales",
                icon="receipt-2",
                permission=Permission.VIEW_ORDERS,
                waiting="after_sales",
            ),
            _Place(
                title="提现",
                path="/console/payouts",
                icon="wallet",
                permission=Permission.VIEW_PAYOUTS,
                waiting="payouts",
            ),
            _Place(
                title="佣金冻结",
                path="/console/holds",
                icon="lock",
                permission=Permission.VIEW_COMMISSIONS,
            ),
            _Place(
                title="结算单",
                path="/console/statements",
                icon="file-text",
                permission=Permission.VIEW_STATEMENTS,
            ),
            _Place(
                title="对账",
                path="/console/reconciliation",
                icon="list-check",
                permission=Permission.VIEW_RECONCILIATION,
                waiting="differences",
            ),
            _Place(
                title="商品",
                path="/console/products",
                icon="package",
                permission=Permission.VIEW_CATALOGUE,
            ),
        ),
    ),
    (
        "培训与推广",
        (
            _Place(
                title="课程",
                path="/console/lessons",
                icon="school",
                permission=Permission.VIEW_TRAINING,
            ),
            _Place(
                title="推送",
                path="/console/campaigns",
                icon="send",
                permission=Permission.VIEW_CAMPAIGNS,
            ),
            _Place(
                title="素材",
                path="/console/materials",
                icon="photo",
                permission=Permission.VIEW_MATERIALS,
            ),
        ),
    ),
    (
        "系统",
        (
            _Place(
                title="账目自检",
                path="/console/checks",
                icon="shield-check",
                permission=Permission.VIEW_AUDIT,
            ),
            _Place(
                title="操作日志",
                path="/console/audit",
                icon="history",
                permission=Permission.VIEW_AUDIT,
            ),
            _Place(
                title="员工",
                path="/console/staff",
                icon="id-badge-2",
                permission=Permission.MANAGE_STAFF,
            ),
        ),
    ),
)

_WORK_OF = {
    "applications": Permission.REVIEW_APPLICATIONS,
    "to_ship": Permission.SHIP_ORDERS,
    "after_sales": Permission.REFUND_ORDERS,
    "payouts": Permission.APPROVE_PAYOUTS,
    "differences": Permission.SETTLE_RECONCILIATION,
}
"""A number stands only beside what the role itself can do something about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The corner of the side bar that says who is logged in."""

    name: str
    role_word: str


def waiting() -> Waiting:
    """Return what waits for staff, asked once a request."""
    if "console_waiting" not in g:
        with collaborators().sessions.read() as session:
            g.console_waiting = waiting_tasks(session)
    found = g.console_waiting
    assert isinstance(found, Waiting)
    return found


def home() -> str:
    """Return the first page that the one logged in may see."""
    places = [place for _, group in _GROUPS for place in group]
    return next(place.path for place in places if may(place.permission))


@blueprint.app_context_processor
def _frame() -> dict[str, Any]:
    """Hand the frame of console pages to the templates, error pages below /console included."""
    if not request.path.startswith("/console") or not is_logged_in():
        return {"may": _may} if request.path.startswith("/console") else {}
    staff = current_staff()
    return {
        "may": _may,
        "staff": Signature(name=staff.name, role_word=ROLES[staff.role]),
        "navigation": _navigation(),
    }


def _may(permission: str) -> bool:
    return may(Permission(permission))


def _navigation() -> tuple[tuple[str, tuple[NavigationEntry, ...]], ...]:
    groups = (
        (
            title,
            tuple(
                NavigationEntry(
                    title=place.title, path=place.path, icon=place.icon, badge=_badge(place)
                )
                for place in group
                if may(place.permission)
            ),
        )
        for title, group in _GROUPS
    )
    return tuple((title, entries) for title, entries in groups if entries)


def _badge(place: _Place) -> int:
    if not place.waiting or not may(_WORK_OF[place.waiting]):
        return 0
    return int(getattr(waiting(), place.waiting))
