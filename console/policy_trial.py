"""The trial of a draft (试算): past orders under the proposed policy, before it is published.

It reads and works out; nothing is written, so it is a form only because a draft is long.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.guard import requires
from console.policy import form_page, offers_now
from console.policy_form import Offers, Period, at_field, read_draft, read_period
from queries.policies import (
    differences,
    owner_names,
    policy_version,
    policy_versions,
    sku_rates,
)
from queries.policy_trial import DistributorTrial, Trial, tried_lines, try_policy
from rules.commission import PublishedRates
from rules.policy import PolicyRefused
from rules.policy_trial import TriedLine
from rules.policy_versions import VersionState, changes
from rules.staff import Permission
from web.collaborators import collaborators
from web.exports import CSV_TYPE, Amount, Cell, Sheet, csv_file
from web.filters import percent
from web.forms import Form, InvalidField
from workflows.policies import PolicyDraft, check_draft

SHOWN_DISTRIBUTORS: Final = 100
LEVELS: Final = {1: "推广人", 2: "邀请人"}
PEOPLE_HEADS: Final = ("分销商编号", "分销商", "身份", "行数", "实际佣金", "试算佣金", "差额")
LINE_HEADS: Final = (
    "订单号",
    "商品",
    "身份",
    "分销商",
    "实际佣金",
    "试算佣金",
    "差额",
    "试算比例",
    "裁减前比例",
)


@blueprint.post("/policy/dry-run")
@requires(Permission.PROPOSE_POLICY)
def try_draft() -> ResponseReturnValue:
    """Show who would have earned what, or hand it out as a file."""
    tools = collaborators()
    form = Form.sent()
    offers = offers_now()
    try:
        file = form.choice("file", "文件", ("people", "lines")) if form.has("file") else None
        draft, period = read_draft(form, offers), read_period(form)
        with tools.sessions.read() as session:
            proposed = check_draft(session, draft, tools.now())
    except (InvalidField, PolicyRefused) as refused:
        return form_page(form.shown(), offers, at_field(refused, offers)), 422
    if file == "lines":
        return _lines_file(proposed, period)
    with tools.sessions.read() as session:
        trial = try_policy(session, proposed, period.since, period.ends_at)
    if file == "people":
        return _file("people", PEOPLE_HEADS, map(_person_cells, trial.rows))
    return _page(form, draft, proposed, period, trial, offers)


def _page(
    form: Form,
    draft: PolicyDraft,
    proposed: PublishedRates,
    period: Period,
    trial: Trial,
    offers: Offers,
) -> str:
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as session:
        rows = policy_versions(session, now)
        against = next(row for row in rows if row.state is VersionState.IN_FORCE)
        base = policy_version(session, against.version, now)
        names = owner_names(session)
    assert base is not None
    changed = changes(base.rates, proposed)
    matrix = sku_rates(proposed, offers.grades, offers.skus)
    return render_template(
        "console/policy/trial.html",
        shown=form.shown(),
        draft=draft,
        proposed=proposed,
        period=period,
        against=against,
        changes=changed,
        rates=differences(changed.rates, names),
        trial=trial,
        result=trial.result,
        shown_rows=trial.rows[:SHOWN_DISTRIBUTORS],
        levels=LEVELS,
        grades=offers.grades,
        matrix=matrix,
        trimmed_skus=sum(row.is_trimmed for row in matrix),
    )


def _lines_file(proposed: PublishedRates, period: Period) -> Response:
    with collaborators().sessions.read() as session:
        trial = try_policy(session, proposed, period.since, period.ends_at)
        names = trial.names
        lines = tried_lines(session, proposed, period.since, period.ends_at)
        return _file("lines", LINE_HEADS, (_line_cells(line, names) for line in lines))


def _file(name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    return Response(
        csv_file(Sheet(title=name, heads=heads, rows=rows)),
        content_type=CSV_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="policy-trial-{name}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _person_cells(row: DistributorTrial) -> Sequence[Cell]:
    return (
        row.number,
        row.name,
        LEVELS[row.level],
        row.lines,
        Amount(fen=row.actual_fen),
        Amount(fen=row.proposed_fen),
        Amount(fen=row.difference_fen),
    )


def _line_cells(line: TriedLine, names: dict[int, str]) -> Sequence[Cell]:
    return (
        line.order_number,
        line.product,
        LEVELS[line.level],
        names[line.distributor_id],
        Amount(fen=line.actual_fen),
        Amount(fen=line.proposed_fen),
        Amount(fen=line.difference_fen),
        "一件代发" if line.is_consignment else percent(line.rate_bp),
        "" if line.is_consignment else percent(line.asked_bp),
    )
