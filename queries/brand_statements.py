"""The brand's monthly statement (品牌月报), as staff read it; amounts are fen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.statements import BrandStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandRow:
    """One month of the brand, frozen. `figures` are titles with amounts, in sections."""

    month: str
    written_at: datetime
    orders: int
    refunds: int
    paid_distributors: int
    sections: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


_SECTIONS = (
    (
        "销售",
        (
            ("商品销售额", "sales_fen"),
            ("运费收入", "freight_fen"),
            ("商品退款", "refunded_goods_fen"),
            ("运费退款", "refunded_freight_fen"),
        ),
    ),
    (
        "佣金",
        (
            ("一级新增佣金", "accrued_1_fen"),
            ("二级新增佣金", "accrued_2_fen"),
            ("一级扣回佣金", "reversed_1_fen"),
            ("二级扣回佣金", "reversed_2_fen"),
            ("转可提现", "released_fen"),
            ("抵扣欠款", "netted_fen"),
        ),
    ),
    (
        "提现与个税",
        (
            ("提现（税前）", "gross_fen"),
            ("代扣个税", "tax_fen"),
            ("实付", "net_fen"),
            ("期末累计代扣个税", "tax_payable_fen"),
        ),
    ),
    (
        "期末应付",
        (
            ("预估", "closing_estimated_fen"),
            ("待结算", "closing_maturing_fen"),
            ("冻结", "closing_held_fen"),
            ("可提现", "closing_available_fen"),
            ("提现中", "closing_paying_out_fen"),
            ("待抵扣", "closing_debt_fen"),
        ),
    ),
)


def brand_statement(session: Session, month: str) -> BrandRow | None:
    """Return the brand's statement of a month, or None when it isn't written."""
    row = session.scalar(select(BrandStatement).where(BrandStatement.month == month))
    if row is None:
        return None
    return BrandRow(
        month=row.month,
        written_at=row.written_at,
        orders=row.orders,
        refunds=row.refunds,
        paid_distributors=row.paid_distributors,
        sections=tuple(
            (title, tuple((word, int(getattr(row, name))) for word, name in parts))
            for title, parts in _SECTIONS
        ),
    )
