"""The form of a policy version: every term, the rates of grades and SKUs, and from when it holds.

A draft lives in its form alone until it is published: nothing of it is stored before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from console.filtering import start_of
from queries.policies import GradeRow, SkuOffer
from rules.china_time import SHANGHAI
from rules.commission import PublishedRates, RateSource
from rules.errors import RuleViolation
from rules.money import percent
from rules.policy import MAX_LEVELS, Policy, PolicyRefused, check_settings_offered
from rules.policy_terms import TERMS, Term, Unit
from rules.policy_versions import rate_field
from rules.withholding import WithholdingMethod
from web.forms import Form, InvalidField
from workflows.policies import PolicyDraft

DEFAULT_DAYS: Final = 30
LONGEST_DAYS: Final = 366
NOTE_LENGTH: Final = 200
AT_ONCE, LATER = "now", "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Whose rates a version can set: the grades, and the SKUs with their price of now."""

    grades: tuple[GradeRow, ...]
    skus: tuple[SkuOffer, ...]

    def rate_fields(self) -> Iterable[tuple[RateSource, int, int, str]]:
        """Return every rate's source, owner, level and what it is called in a refusal."""
        owners = [(RateSource.GRADE, grade.id, grade.name) for grade in self.grades]
        owners += [(RateSource.SKU, sku.id, sku.name) for sku in self.skus]
        for source, owner, name in owners:
            for level in range(1, MAX_LEVELS + 1):
                yield source, owner, level, f"{name}第 {level} 级佣金率"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days whose orders a draft is tried on, in Shanghai, both included."""

    since: datetime
    until: datetime

    @property
    def ends_at(self) -> datetime:
        """The moment after the last day."""
        return self.until + timedelta(days=1)


def shown_terms(rates: PublishedRates, based_on: int, now: datetime) -> dict[str, str]:
    """Return what stands in the fields of a form that begins with a version."""
    shown = {term.setting: _shown(term, getattr(rates.policy, term.setting)) for term in TERMS}
    scopes = ((RateSource.GRADE, rates.by_grade), (RateSource.SKU, rates.by_sku))
    for source, by_owner in scopes:
        for (level, owner), rate_bp in by_owner.items():
            shown[rate_field(source, owner, level)] = percent(rate_bp).removesuffix("%")
    today = now.astimezone(SHANGHAI)
    return shown | {
        "based_on": str(based_on),
        "when": AT_ONCE,
        "effective_at": f"{today + timedelta(days=1):%Y-%m-%dT00:00}",
        "since": f"{today - timedelta(days=DEFAULT_DAYS):%Y-%m-%d}",
        "until": f"{today:%Y-%m-%d}",
    }


def read_draft(form: Form, offers: Offers) -> PolicyDraft:
    """Read a whole draft; nothing is guessed and nothing is rounded.

    Raises:
        InvalidField: a field can't be read.
        rules.policy.RecruitmentPaymentRefused: a field's name asks for what the law forbids.
    """
    check_settings_offered(form.shown())
    has_acknowledged = form.has("has_legal_acknowledgement")
    terms: dict[str, Any] = {term.setting: _read(form, term) for term in TERMS}
    by_owner: dict[RateSource, dict[tuple[int, int], int]] = {
        RateSource.GRADE: {},
        RateSource.SKU: {},
    }
    for source, owner, level, label in offers.rate_fields():
        field = rate_field(source, owner, level)
        if form.has(field):
            by_owner[source][level, owner] = form.rate(field, label)
    later = form.choice("when", "生效时间", (AT_ONCE, LATER)) == LATER
    return PolicyDraft(
        rates=PublishedRates(
            policy=Policy(**terms, has_legal_acknowledgement=has_acknowledged),
            by_sku=by_owner[RateSource.SKU],
            by_grade=by_owner[RateSource.GRADE],
        ),
        based_on=form.integer("based_on", "所依据的版本", minimum=0, maximum=2**31 - 1),
        effective_at=form.moment("effective_at", "生效时间") if later else None,
        note=form.text("note", "调整说明", max_length=NOTE_LENGTH, min_length=0),
        has_acknowledged=has_acknowledged,
    )


def read_period(form: Form) -> Period:
    """Read the days to try a draft on.

    Raises:
        InvalidField: no days, the wrong way round, or more than a year of them.
    """
    first, last = form.day("since", "试算开始日期"), form.day("until", "试算结束日期")
    for field, day in (("since", first), ("until", last)):
        if not 2000 <= day.year <= 2099:
            raise InvalidField(field, "试算日期不正确。")
    if last < first:
        raise InvalidField("until", "试算结束日期不能早于开始日期。")
    if (last - first).days > LONGEST_DAYS:
        raise InvalidField("since", f"一次最多试算 {LONGEST_DAYS} 天。")
    since, until = start_of(first), start_of(last)
    assert since is not None
    assert until is not None
    return Period(since=since, until=until)


def at_field(refused: RuleViolation, offers: Offers) -> RuleViolation:
    """Show a rule's refusal at the field that it is about, if the form has that field."""
    if not isinstance(refused, PolicyRefused):
        return refused
    known = {term.setting for term in TERMS} | {"effective_at", "has_legal_acknowledgement"}
    known |= {rate_field(source, owner, level) for source, owner, level, _ in offers.rate_fields()}
    if refused.setting in known:
        return InvalidField(refused.setting, refused.message)
    return refused


def _shown(term: Term, value: object) -> str:
    if term.unit is Unit.FLAG:
        return "yes" if value else ""
    if isinstance(value, WithholdingMethod):
        return value.value
    if isinstance(value, time):
        return f"{value:%H:%M}"
    assert isinstance(value, int)
    if term.unit is Unit.RATE:
        return percent(value).removesuffix("%")
    if term.unit is Unit.FEN:
        return f"{value // 100}.{value % 100:02d}"
    return str(value)


def _read(form: Form, term: Term) -> object:
    if term.unit is Unit.FLAG:
        return form.has(term.setting)
    if term.unit is Unit.METHOD:
        return form.choice(term.setting, term.label, tuple(WithholdingMethod))
    if term.unit is Unit.TIME:
        return _time(form, term)
    if term.unit is Unit.RATE:
        return form.rate(term.setting, term.label)
    if term.unit is Unit.FEN:
        return form.yuan(
            term.setting, term.label, minimum_fen=term.lowest, maximum_fen=term.highest
        )
    return form.integer(term.setting, term.label, minimum=term.lowest, maximum=term.highest)


def _time(form: Form, term: Term) -> time:
    typed = form.text(term.setting, term.label, max_length=8)
    try:
        return datetime.strptime(typed, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise InvalidField(term.setting, f"{term.label}不正确，例如 22:00。") from None
