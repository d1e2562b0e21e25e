"""The programme's versions as staff and distributors read them, and what they pay on each SKU."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from models.catalogue import Product, Sku
from models.distributors import Distributor
from models.policies import CommissionRate, Grade, PolicyVersion
from models.staff import StaffMember
from queries.catalogue import skus
from rules.commission import (
    LineGoods,
    LineRate,
    PublishedRates,
    RateSource,
    cap_bp,
    earners,
    line_rates,
    programme_bp,
)
from rules.policy_versions import Changes, RateChange, Span, VersionState, changes, spans

MOST_SKUS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDifference:
    """One rate that a version changes: whose, by name, and both values in basis points."""

    owner: str
    level: int
    before_bp: int | None
    after_bp: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version: when it holds, who published it, and what it changed against the one before."""

    id: int
    version: int
    state: VersionState
    effective_at: datetime
    ends_at: datetime | None
    published_at: datetime
    published_by: str | None
    note: str
    before: int | None
    changes: Changes
    rate_differences: tuple[RateDifference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The legal text that was confirmed for a version: who, and when."""

    text: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """One version with everything it says."""

    row: VersionRow
    rates: PublishedRates
    acknowledgement: Acknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    """A grade, the lowest first."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuOffer:
    """A SKU, with what one unit costs the brand and the buyer now; fen, None before a price."""

    id: int
    name: str
    code: str
    cost_fen: int
    sale_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedRate:
    """What one level is paid on a SKU; `asked_bp` is what was set, before the cap."""

    level: int
    rate_bp: int
    asked_bp: int
    source: RateSource

    @property
    def is_trimmed(self) -> bool:
        """Whether the cap lowered it."""
        return self.rate_bp < self.asked_bp


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRates:
    """What a version pays on one SKU at its price of now, by grade (in the grades' order)."""

    sku: SkuOffer
    cap_bp: int
    by_grade: tuple[tuple[OfferedRate, ...], ...]

    @property
    def is_trimmed(self) -> bool:
        """Whether the cap lowers any of them."""
        return any(rate.is_trimmed for rates in self.by_grade for rate in rates)


def published_rates(session: Session, row: PolicyVersion) -> PublishedRates:
    """Return a version with all its rates."""
    return _all_rates(session, [row])[row.id]


def policy_versions(session: Session, now: datetime) -> tuple[VersionRow, ...]:
    """Return every version, the newest first."""
    publisher = aliased(StaffMember)
    found = session.execute(
        select(PolicyVersion, publisher.name)
        .join(publisher, publisher.id == PolicyVersion.published_by_id, isouter=True)
        .order_by(PolicyVersion.version.desc())
    ).all()
    laid_out = spans((row.version, row.effective_at) for row, _ in found)
    rates = _all_rates(session, [row for row, _ in found])
    by_version = {row.version: rates[row.id] for row, _ in found}
    names = owner_names(session)
    return tuple(
        _version_row(row, name, laid_out[row.version], by_version, names, now)
        for row, name in found
    )


def policy_version(session: Session, version: int, now: datetime) -> VersionPage | None:
    """Return one version with everything it says, or None."""
    row = next((row for row in policy_versions(session, now) if row.version == version), None)
    if row is None:
        return None
    stored = session.get_one(PolicyVersion, row.id)
    acknowledgement = None
    if stored.acknowledgement is not None and stored.acknowledged_at is not None:
        by = (
            session.get(StaffMember, stored.acknowledged_by_id)
            if stored.acknowledged_by_id
            else None
        )
        acknowledgement = Acknowledgement(
            text=stored.acknowledgement, by=by.name if by else None, at=stored.acknowledged_at
        )
    return VersionPage(
        row=row, rates=published_rates(session, stored), acknowledgement=acknowledgement
    )


def grades(session: Session) -> tuple[GradeRow, ...]:
    """Return the grades, the lowest first."""
    found = session.execute(select(Grade.id, Grade.name).order_by(Grade.rank))
    return tuple(GradeRow(id=row.id, name=row.name) for row in found)


def sku_offers(session: Session, now: datetime) -> tuple[SkuOffer, ...]:
    """Return every SKU, those that have a price in the shop first and in its order."""
    priced, _ = skus(session, "", now, offset=0, limit=MOST_SKUS)
    offers = [
        SkuOffer(
            id=row.sku_id,
            name=f"{row.product_name} {row.name}",
            code=row.code,
            cost_fen=row.cost_fen,
            sale_fen=row.sale_fen,
        )
        for row in priced
    ]
    others = session.execute(
        select(Sku.id, Product.name, Sku.name, Sku.code, Sku.cost_fen)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.id.not_in([offer.id for offer in offers]))
        .order_by(Sku.id)
    )
    offers += [
        SkuOffer(id=row[0], name=f"{row[1]} {row[2]}", code=row[3], cost_fen=row[4], sale_fen=None)
        for row in others
    ]
    return tuple(offers)


def sku_rates(
    published: PublishedRates, ranked: Iterable[GradeRow], offers: Iterable[SkuOffer]
) -> tuple[SkuRates, ...]:
    """Return what a version pays on each SKU that has a price.

    Inviter and referrer are taken to be of the same grade.
    """
    ranked = tuple(ranked)
    return tuple(
        SkuRates(
            sku=offer,
            cap_bp=cap_bp(offer.sale_fen, offer.cost_fen, published.policy),
            by_grade=tuple(
                _offered(published, grade.id, offer, offer.sale_fen) for grade in ranked
            ),
        )
        for offer in offers
        if offer.sale_fen is not None
    )


def distributor_grade(session: Session, distributor_id: int) -> GradeRow | None:
    """Return a distributor's grade of now."""
    row = session.execute(
        select(Grade.id, Grade.name)
        .join(Distributor, Distributor.grade_id == Grade.id)
        .where(Distributor.id == distributor_id)
    ).one_or_none()
    return GradeRow(id=row.id, name=row.name) if row else None


def listed_rates(
    session: Session, published: PublishedRates, ranked: Iterable[GradeRow], now: datetime
) -> tuple[SkuRates, ...]:
    """Return the SKUs in the shop on which something else is paid than a grade's usual rate."""
    listed = set(
        session.scalars(
            select(Sku.id)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.is_listed, Product.is_listed)
        )
    )
    offers = [offer for offer in sku_offers(session, now) if offer.id in listed]
    return tuple(
        row
        for row in sku_rates(published, ranked, offers)
        if row.is_trimmed
        or any(rate.source is RateSource.SKU for rates in row.by_grade for rate in rates)
    )


def owner_names(session: Session) -> dict[tuple[RateSource, int], str]:
    """Name whom rates are for: grades and SKUs, by source and id."""
    found = {(RateSource.GRADE, grade.id): grade.name for grade in grades(session)}
    for sku_id, product, name in session.execute(
        select(Sku.id, Product.name, Sku.name).join(Product, Product.id == Sku.product_id)
    ):
        found[RateSource.SKU, sku_id] = f"{product} {name}"
    return found


def differences(
    found: Iterable[RateChange], names: dict[tuple[RateSource, int], str]
) -> tuple[RateDifference, ...]:
    """Put names to changes of rates."""
    return tuple(
        RateDifference(
            owner=names.get((change.source, change.id), f"#{change.id}"),
            level=change.level,
            before_bp=change.before_bp,
            after_bp=change.after_bp,
        )
        for change in found
    )


def _offered(
    published: PublishedRates, grade_id: int, offer: SkuOffer, sale_fen: int
) -> tuple[OfferedRate, ...]:
    who = earners(published.policy, (1, grade_id), (2, grade_id))
    goods = LineGoods(sku_id=offer.id, goods_fen=sale_fen, cost_fen=offer.cost_fen)
    return tuple(
        OfferedRate(
            level=rate.level,
            rate_bp=rate.rate_bp,
            asked_bp=_asked(published, rate, grade_id, offer.id),
            source=rate.source,
        )
        for rate in line_rates(published, who, goods)
    )


def _asked(published: PublishedRates, rate: LineRate, grade_id: int, sku_id: int) -> int:
    if rate.source is RateSource.SKU:
        return published.by_sku[rate.level, sku_id]
    if rate.source is RateSource.GRADE:
        return published.by_grade[rate.level, grade_id]
    return programme_bp(published.policy, rate.level)


def _version_row(
    row: PolicyVersion,
    published_by: str | None,
    span: Span,
    by_version: dict[int, PublishedRates],
    names: dict[tuple[RateSource, int], str],
    now: datetime,
) -> VersionRow:
    changed = Changes(terms=(), rates=())
    if span.before is not None:
        changed = changes(by_version[span.before], by_version[row.version])
    return VersionRow(
        id=row.id,
        version=row.version,
        state=span.state(now),
        effective_at=row.effective_at,
        ends_at=span.ends_at,
        published_at=row.published_at,
        published_by=published_by,
        note=row.note,
        before=span.before,
        changes=changed,
        rate_differences=differences(changed.rates, names),
    )


def _all_rates(session: Session, rows: list[PolicyVersion]) -> dict[int, PublishedRates]:
    by_sku: dict[int, dict[tuple[int, int], int]] = {row.id: {} for row in rows}
    by_grade: dict[int, dict[tuple[int, int], int]] = {row.id: {} for row in rows}
    for rate in session.scalars(
        select(CommissionRate).where(CommissionRate.policy_version_id.in_(by_sku))
    ):
        if rate.sku_id is not None:
            by_sku[rate.policy_version_id][rate.level, rate.sku_id] = rate.rate_bp
        elif rate.grade_id is not None:
            by_grade[rate.policy_version_id][rate.level, rate.grade_id] = rate.rate_bp
    return {
        row.id: PublishedRates(policy=row.policy, by_sku=by_sku[row.id], by_grade=by_grade[row.id])
        for row in rows
    }
