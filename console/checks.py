"""The audit (账目自检): what its last runs found, invariant by invariant."""

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.check_words import chapter_of, meaning_of, name_of, parts_of
from console.filtering import PAGE_SIZE
from console.guard import current_actor, requires
from queries.audit_runs import audit_findings, audit_run, audit_runs, last_audit
from rules.staff import Permission
from web.collaborators import collaborators
from web.paging import Page, requested_page
from workflows.audits import ask_for_audit

LIST = "/console/checks"
WORDS = {
    "chapter_of": chapter_of,
    "name_of": name_of,
    "meaning_of": meaning_of,
    "parts_of": parts_of,
}


@blueprint.get("/checks")
@requires(Permission.VIEW_AUDIT)
def show_checks() -> ResponseReturnValue:
    """The newest run with its findings, and the runs before it."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        run = last_audit(session)
        findings = audit_findings(session, run.id) if run is not None else ()
        rows, total = audit_runs(session, offset=asked.offset, limit=asked.limit)
    page = Page(rows=rows, total=total, request=asked)
    return render_template(
        "console/checks/index.html", run=run, findings=findings, page=page, **WORDS
    )


@blueprint.get("/checks/<int:run_id>")
@requires(Permission.VIEW_AUDIT)
def show_check(run_id: int) -> ResponseReturnValue:
    """One run."""
    with collaborators().sessions.read() as session:
        run = audit_run(session, run_id)
        findings = audit_findings(session, run_id)
    if run is None:
        abort(404)
    return render_template("console/checks/show.html", run=run, findings=findings, **WORDS)


@blueprint.post("/checks/run")
@requires(Permission.RUN_AUDIT)
def run_checks() -> ResponseReturnValue:
    """Have a worker run the audit: on a large shop it takes half a minute."""
    tools = collaborators()
    is_new = ask_for_audit(tools.sessions, current_actor(), tools.now())
    flash("自检已经开始，完成后刷新本页查看结果。" if is_new else "自检正在进行，请稍后刷新。")
    return redirect(LIST, code=303)
