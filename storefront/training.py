"""What reaches a distributor on her own pages: the inbox, and the lessons pushed to her."""

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue

from queries.inbox import inbox, inbox_message
from queries.lessons import has_received, lesson, received_lessons
from storefront import blueprint
from storefront.asked import asked_id
from storefront.membership import member_id, members_only
from storefront.session import local_path
from web.collaborators import collaborators
from web.paging import Page, requested_page
from workflows.inbox import open_inbox_message
from workflows.lessons.open import open_lesson

PAGE_SIZE = 15


@blueprint.get("/d/inbox")
@members_only
def show_inbox() -> ResponseReturnValue:
    """What chat could not carry, newest first, each with the reason."""
    tools = collaborators()
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as database:
        rows, total = inbox(database, member_id(), offset=asked.offset, limit=asked.limit)
    return render_template(
        "storefront/inbox/index.html",
        page=Page(rows=rows, total=total, request=asked),
        now=tools.now(),
    )


@blueprint.get("/d/inbox/<int:message_id>")
@members_only
def open_message(message_id: int) -> ResponseReturnValue:
    """Note that she opened a message, and go on to its page if it has one."""
    tools = collaborators()
    now = tools.now()
    with tools.sessions.read() as database:
        found = inbox_message(database, message_id, member_id())
    if found is None:
        abort(404)
    open_inbox_message(tools.sessions, message_id, member_id(), now)
    if found.path is not None:
        return redirect(local_path(found.path))
    return render_template("storefront/inbox/show.html", message=found, now=now)


@blueprint.get("/d/lessons")
@members_only
def show_lessons() -> ResponseReturnValue:
    """The lessons that were pushed to her, the latest first."""
    tools = collaborators()
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as database:
        rows, total = received_lessons(
            database, member_id(), offset=asked.offset, limit=asked.limit
        )
    return render_template(
        "storefront/lessons/index.html",
        page=Page(rows=rows, total=total, request=asked),
        now=tools.now(),
    )


@blueprint.get("/d/lessons/<int:lesson_id>")
@members_only
def show_lesson(lesson_id: int) -> ResponseReturnValue:
    """A lesson that was pushed to her; her own link's mark is counted as opened."""
    tools = collaborators()
    with tools.sessions.read() as database:
        found = lesson(database, lesson_id)
        is_hers = has_received(database, lesson_id, member_id())
    if found is None or not is_hers:
        abort(404)
    recipient_id = asked_id("p")
    if recipient_id is not None:
        open_lesson(
            tools.sessions,
            lesson_id,
            recipient_id,
            distributor_id=member_id(),
            now=tools.now(),
        )
    return render_template("storefront/lessons/show.html", lesson=found)
