"""The programme's policy (分销政策): its versions, the form of a new one, and publishing it.

A draft goes from the form to its trial and from there to publishing in the forms' own fields;
nothing is stored before it is published.
"""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import asked_id
from console.guard import current_actor, requires
from console.policy_form import NOTE_LENGTH, Offers, at_field, read_draft, shown_terms
from queries.policies import (
    VersionPage,
    VersionRow,
    grades,
    policy_version,
    policy_versions,
    sku_offers,
    sku_rates,
)
from rules.errors import RuleViolation
from rules.policy import PolicyRefused
from rules.policy_terms import METHOD_WORDS, TERMS, TermGroup, term_words
from rules.policy_versions import LEGAL_TEXT, VersionState
from rules.staff import Permission
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from workflows.policies import publish_policy

LIST = "/console/policy"
STATES = {
    VersionState.IN_FORCE: ("现行", "done"),
    VersionState.COMING: ("待生效", "wait"),
    VersionState.OVER: ("已结束", "quiet"),
    VersionState.REPLACED: ("未生效即被替代", "quiet"),
}


@blueprint.get("/policy")
@requires(Permission.VIEW_POLICY)
def show_policies() -> ResponseReturnValue:
    """Every version, the newest first, with what it changed."""
    tools = collaborators()
    with tools.sessions.read() as session:
        rows = policy_versions(session, tools.now())
    return render_template("console/policy/index.html", rows=rows, states=STATES)


@blueprint.get("/policy/<int:version>")
@requires(Permission.VIEW_POLICY)
def show_policy_version(version: int) -> ResponseReturnValue:
    """One version: its terms, what it pays on each SKU, and its acknowledgement."""
    tools = collaborators()
    page = _found(version)
    with tools.sessions.read() as session:
        ranked = grades(session)
        matrix = sku_rates(page.rates, ranked, sku_offers(session, tools.now()))
    return render_template(
        "console/policy/show.html",
        page=page,
        row=page.row,
        states=STATES,
        groups=TermGroup,
        terms=TERMS,
        words=term_words,
        grades=ranked,
        matrix=matrix,
    )


@blueprint.get("/policy/new")
@requires(Permission.PROPOSE_POLICY)
def draft_policy() -> ResponseReturnValue:
    """The form; it begins with the version in force, or with the one that was asked for."""
    tools = collaborators()
    asked = asked_id("from")
    with tools.sessions.read() as session:
        rows = policy_versions(session, tools.now())
    base = asked or next(row.version for row in rows if row.state is VersionState.IN_FORCE)
    page = _found(base)
    return form_page(shown_terms(page.rates, rows[0].version, tools.now()), offers_now())


@blueprint.post("/policy/new")
@requires(Permission.PROPOSE_POLICY)
def redraft_policy() -> ResponseReturnValue:
    """The form once more, as it was typed: from the trial back to it."""
    return form_page(Form.sent().shown(), offers_now())


@blueprint.post("/policy/publish")
@requires(Permission.MANAGE_POLICY)
def publish() -> ResponseReturnValue:
    """Publish a version for good."""
    tools = collaborators()
    form = Form.sent()
    offers = offers_now()
    try:
        draft = read_draft(form, offers)
        version = publish_policy(tools.sessions, draft, actor=current_actor(), now=tools.now())
    except (InvalidField, PolicyRefused) as refused:
        return form_page(form.shown(), offers, at_field(refused, offers)), 422
    flash(
        f"第 {version} 版已发布，"
        + ("到时间自动生效。" if draft.effective_at else "已生效；已有订单仍按原版本计算。")
    )
    return redirect(f"{LIST}/{version}", code=303)


def form_page(shown: dict[str, str], offers: Offers, refusal: RuleViolation | None = None) -> str:
    """Render the form with what stands in its fields."""
    tools = collaborators()
    with tools.sessions.read() as session:
        rows = policy_versions(session, tools.now())
    coming = [row for row in rows if row.state is VersionState.COMING]
    return render_template(
        "console/policy/edit.html",
        shown=shown,
        refusal=refusal,
        groups=TermGroup,
        terms=TERMS,
        methods=[(method.value, word) for method, word in METHOD_WORDS.items()],
        offers=offers,
        coming=coming,
        legal_text=LEGAL_TEXT,
        note_length=NOTE_LENGTH,
        in_force=_in_force(rows),
    )


def offers_now() -> Offers:
    """Return the grades and SKUs that rates can be set for."""
    tools = collaborators()
    with tools.sessions.read() as session:
        return Offers(grades=grades(session), skus=sku_offers(session, tools.now()))


def _in_force(rows: tuple[VersionRow, ...]) -> VersionRow:
    return next(row for row in rows if row.state is VersionState.IN_FORCE)


def _found(version: int) -> VersionPage:
    tools = collaborators()
    with tools.sessions.read() as session:
        page = policy_version(session, version, tools.now())
    if page is None:
        abort(404)
    return page
