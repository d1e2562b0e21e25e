"""What the audit trail's objects are called and where their pages are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from queries.audit_names import Thing, ThingName
from queries.audit_trail import AuditRow, Difference

SUBJECTS: Final = MappingProxyType(
    {
        "staff": "员工",
        "application": "申请",
        "distributor": "分销商",
        "order": "订单",
        "after_sales": "售后",
        "refund": "退款",
        "payout": "提现",
        "payout_account": "收款信息",
        "hold": "佣金冻结",
        "statement": "结算单",
        "audit_run": "账目自检",
        "reconciliation_run": "账单",
        "reconciliation_case": "对账差异",
        "product": "商品",
        "sku": "规格",
        "lesson": "课程",
        "campaign": "推送",
        "material": "素材",
        "policy": "分销政策",
    }
)
PAGES: Final = MappingProxyType(
    {
        "application": "/console/applications/{}",
        "distributor": "/console/distributors/{}",
        "order": "/console/orders/{}",
        "after_sales": "/console/aftersales/{}",
        "refund": "/console/aftersales/{}",
        "payout": "/console/payouts/{}",
        "hold": "/console/holds/{}",
        "reconciliation_case": "/console/reconciliation/cases/{}",
        "product": "/console/products/{}",
        "sku": "/console/products/{}",
        "lesson": "/console/lessons/{}",
        "campaign": "/console/campaigns/{}",
        "material": "/console/materials/{}",
        "picture": "/media/{}.jpg",
    }
)
FIELD_KINDS: Final = MappingProxyType(
    {
        "order_id": "order",
        "distributor_id": "distributor",
        "inviter_id": "distributor",
        "grade_id": "grade",
        "product_id": "product",
        "lesson_id": "lesson",
        "picture_id": "picture",
    }
)
"""Fields of a change that hold a row's id, and of what."""
BILLS: Final = MappingProxyType({"trade": "交易账单", "fund": "资金账单"})
CASES: Final = MappingProxyType(
    {
        "all": "全部差异",
        "open": "待处理的差异",
        "waiting": "等次日账单的差异",
        "closed": "已关闭的差异",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a thing is shown: its kind in a word, its name, more in small print, its page or ''."""

    kind: str
    name: str
    detail: str = ""
    href: str = ""


def things_of(rows: Iterable[AuditRow]) -> set[Thing]:
    """Return all (kind, id) that a page of the trail speaks of."""
    found: set[Thing] = set()
    for row in rows:
        found.add((row.subject_kind, row.subject_id))
        for item in row.differences:
            kind = FIELD_KINDS.get(item.field)
            if kind is not None:
                found |= {(kind, str(id_)) for id_ in (item.before, item.after) if id_ is not None}
    return found


def shown_subject(row: AuditRow, names: Mapping[Thing, ThingName]) -> Shown:
    """Return how a row's object is shown; one without a name keeps its number."""
    kind, word = row.subject_kind, SUBJECTS.get(row.subject_kind, row.subject_kind)
    known = names.get((kind, row.subject_id))
    if known is None:
        return _without_row(kind, word, row.subject_id)
    href = PAGES[kind].format(known.page_id) if kind in PAGES and known.page_id else ""
    return Shown(kind=word, name=known.name, detail=known.detail, href=href)


def shown_value(item: Difference, value: object, names: Mapping[Thing, ThingName]) -> Shown | None:
    """Return how a field's id is shown as a thing; None for a field that holds no id."""
    kind = FIELD_KINDS.get(item.field)
    known = names.get((kind, str(value))) if kind is not None else None
    if kind is None or known is None:
        return None
    href = PAGES[kind].format(known.page_id) if kind in PAGES and known.page_id else ""
    return Shown(kind=kind, name=known.name, detail=known.detail, href=href)


def _without_row(kind: str, word: str, thing_id: str) -> Shown:
    """Name what is known by a word of its own: a month, a bill, a version, a whole list."""
    match kind:
        case "statement":
            words = (word, thing_id, f"/console/statements/{thing_id}")
        case "policy":
            words = (word, f"第 {thing_id} 版", f"/console/policy/{thing_id}")
        case "audit_run":
            words = ("", word, "/console/checks")
        case "payout_account":
            words = (word, f"第 {thing_id} 条", "")
        case "payout" if thing_id == "bank":
            words = ("", "银行打款文件", "/console/payouts/bank")
        case "reconciliation_case" if thing_id in CASES:
            words = ("", CASES[thing_id], "/console/reconciliation/cases")
        case "reconciliation_run":
            bill, _, day = thing_id.partition(":")
            words = (BILLS.get(bill, bill), day, f"/console/reconciliation/{bill}/{day}")
        case _:
            words = (word, f"#{thing_id}", "")
    return Shown(kind=words[0], name=words[1], href=words[2])
