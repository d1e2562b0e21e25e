"""What must be the same in the end, however often the process died on the way."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from queries.invariants import INVARIANTS, check_all
from rules.outbox import Delivery, WorkStatus
from tests.crash.day import CUSTOMER, INVITER, SELLER
from tests.sandbox_client import Sandbox
from workflows.outbox import WorkKind

FACTS = {
    "order": """
        SELECT o.checkout_key, o.status, o.goods_fen, o.freight_fen, o.payable_fen,
            o.refunded_fen, o.referrer_id, o.inviter_id, o.attribution_source, o.cancel_reason
        FROM orders o""",
    "order event": """
        SELECT o.checkout_key, e.position, e.from_status, e.to_status, e.actor
        FROM order_events e JOIN orders o ON o.id = e.order_id""",
    "line": """
        SELECT o.checkout_key, s.code, l.quantity, l.unit_price_fen, l.goods_fen, l.refunded_fen,
            r.status
        FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN skus s ON s.id = l.sku_id
        LEFT JOIN stock_reservations r ON r.order_line_id = l.id""",
    "commission": """
        SELECT o.checkout_key, s.code, c.level, c.distributor_id, c.rate_bp, c.rate_source,
            a.ineligible_reason, a.posted_fen, a.stage, p.target_fen, p.amount_fen
        FROM line_commissions c JOIN commission_states a ON a.line_commission_id = c.id
        JOIN orders o ON o.id = c.order_id
        JOIN order_lines l ON l.id = c.order_line_id JOIN skus s ON s.id = l.sku_id
        LEFT JOIN commission_postings p ON p.line_commission_id = c.id""",
    "payment": """
        SELECT o.checkout_key, p.amount_fen, p.status, p.is_applied
        FROM payments p JOIN orders o ON o.id = p.order_id""",
    "refund": """
        SELECT o.checkout_key, r.amount_fen, r.goods_fen, r.freight_fen, r.reason, r.status
        FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id""",
    "after-sales": """
        SELECT o.checkout_key, a.position, a.kind, a.status, a.goods_fen, a.freight_fen
        FROM after_sales_requests a JOIN orders o ON o.id = a.order_id""",
    "payout": """
        SELECT distributor_id, channel, status, amount_fen, tax_fen, net_fen, tax_month,
            tax_method, failure
        FROM payouts""",
    "payout account": "SELECT distributor_id, name_mask, account_tail FROM payout_accounts",
    "payout decision": """
        SELECT p.distributor_id, s.login, d.is_approval
        FROM payout_decisions d JOIN payouts p ON p.id = d.payout_id
        JOIN staff_members s ON s.id = d.staff_id""",
    "balance": "SELECT distributor_id, kind, balance_fen FROM ledger_accounts",
    "ledger entry": """
        SELECT t.kind, o.checkout_key, a.kind, a.distributor_id, e.amount_fen
        FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
        JOIN ledger_accounts a ON a.id = e.account_id LEFT JOIN orders o ON o.id = t.order_id""",
    "stock": """
        SELECT s.code, t.on_hand, t.reserved FROM stock t JOIN skus s ON s.id = t.sku_id""",
    "stock move": """
        SELECT s.code, m.kind, m.quantity FROM stock_moves m JOIN skus s ON s.id = m.sku_id""",
    "touch": "SELECT distributor_id, source, verdict FROM touches",
    "binding": "SELECT distributor_id, ended_at, end_reason FROM bindings",
    "shipment": "SELECT carrier, tracking_number FROM shipments",
    "statement": """
        SELECT month, distributor_id, accrued_fen, reversed_fen, matured_fen, released_fen,
            netted_fen, requested_fen, returned_fen, gross_fen, tax_fen, net_fen,
            closing_available_fen, closing_paying_out_fen, closing_debt_fen
        FROM statements""",
    "audit": """
        SELECT s.login, a.action, a.subject_kind
        FROM staff_audit a LEFT JOIN staff_members s ON s.id = a.staff_id""",
    "message taken in": "SELECT count(*) FROM inbound_events",
}
WORKS = """
    SELECT o.kind, o.key, o.status, o.delivery, u.openid
    FROM outbox o LEFT JOIN wechat_users u ON u.id = o.wechat_user_id"""
NUMBERS = re.compile(r"\d+")
Works = Counter["Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of work, by what it is for."""

    kind: str
    subject: str
    status: str
    delivery: str
    receiver: str | None

    @property
    def name(self) -> tuple[str, str, str | None]:
        """What it is for, however it ended."""
        return self.kind, self.subject, self.receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All money and states of both sides, the work done, and what came twice or went wrong."""

    facts: Counter[str]
    works: Counter[Work]
    twice: tuple[str, ...]
    violations: tuple[str, ...]


def read_books(session: Session, sandbox: Sandbox) -> Books:
    """Read everything that counts; numbers that chance gives are left out."""
    facts: Counter[str] = Counter()
    for name, statement in FACTS.items():
        facts.update(f"{name}: {tuple(row)}" for row in session.execute(text(statement)))
    facts.update(
        f"WeChat payment: {one['amount_fen']} {one['state']}" for one in sandbox.payments()
    )
    facts.update(f"WeChat refund: {one['refund_fen']} {one['status']}" for one in sandbox.refunds())
    facts.update(
        f"WeChat transfer: {one['amount_fen']} {one['state']}" for one in sandbox.transfers()
    )
    return Books(
        facts=facts,
        works=works_of(session.execute(text(WORKS))),
        twice=_read_twice(session, sandbox),
        violations=tuple(str(found) for found in check_all(session, INVARIANTS)),
    )


def works_of(rows: Iterable[Sequence[Any]]) -> Works:
    """Read the answer to `WORKS`."""
    return Counter(
        Work(
            kind=kind,
            subject=NUMBERS.sub("#", key),
            status=status,
            delivery=delivery,
            receiver=openid,
        )
        for kind, key, status, delivery, openid in rows
    )


def in_flight(works: Works) -> Works:
    """Return those that were being sent: they may have arrived."""
    return Counter({work: n for work, n in works.items() if work.status == WorkStatus.SENDING})


def has_money(works: Works) -> bool:
    """Tell whether a refund or a transfer is among them."""
    return any(work.kind in {WorkKind.REFUND, WorkKind.TRANSFER} for work in works)


def _read_twice(session: Session, sandbox: Sandbox) -> tuple[str, ...]:
    """Return notices that came to a phone more often than they were written."""
    written = Counter(
        (openid, f"【{title}】\n{body}")
        for openid, title, body in session.execute(
            text(
                "SELECT u.openid, o.payload ->> 'title', o.payload ->> 'body' FROM outbox o"
                " JOIN wechat_users u ON u.id = o.wechat_user_id WHERE o.kind = :kind"
            ),
            {"kind": WorkKind.NOTICE},
        )
    )
    texts = {
        phone.openid: "\n".join(str(message.get("text")) for message in sandbox.received(phone))
        for phone in (CUSTOMER, SELLER, INVITER)
    }
    return tuple(
        notice for (openid, notice), count in written.items() if texts[openid].count(notice) > count
    )


def differences(undisturbed: Books, found: Books, going: Works) -> list[str]:
    """Return what differs, in words.

    `going`: what a death met on its way. Of that chat messages may be unknown, and no others.
    """
    said = [f"violated: {violation}" for violation in found.violations]
    said += [f"came twice: {notice}" for notice in found.twice]
    said += [f"missing: {fact}" for fact in (undisturbed.facts - found.facts).elements()]
    said += [f"unexpected: {fact}" for fact in (found.facts - undisturbed.facts).elements()]
    missing = list((undisturbed.works - found.works).elements())
    chats = (work for work in going.elements() if work.delivery == Delivery.AT_MOST_ONCE)
    may_be_unknown = Counter(work.name for work in chats)
    for work in (found.works - undisturbed.works).elements():
        expected = next((other for other in missing if other.name == work.name), None)
        if expected is None:
            said.append(f"unexpected: {work}")
            continue
        missing.remove(expected)
        if work.status == WorkStatus.UNKNOWN and may_be_unknown[work.name]:
            may_be_unknown[work.name] -= 1
        else:
            said.append(f"unexpected: {work} instead of {expected.status}")
    said += [f"missing: {work}" for work in missing]
    return said
