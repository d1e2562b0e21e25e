"""Lessons: write, edit, and see them as distributors do."""

from datetime import datetime

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from console import blueprint
from console.filtering import PAGE_SIZE
from console.guard import current_actor, requires
from console.uploads import uploaded_picture
from queries.lessons import LessonPage, lesson, lessons
from rules.staff import Permission
from rules.training import (
    MAX_BODY_LENGTH,
    MAX_LINK_LENGTH,
    MAX_TITLE_LENGTH,
    LessonRefused,
)
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.paging import Page, requested_page
from workflows.lessons.write import LessonDraft, edit_lesson, write_lesson

LIST = "/console/lessons"


@blueprint.get("/lessons")
@requires(Permission.VIEW_TRAINING)
def show_lessons() -> ResponseReturnValue:
    """All lessons, newest first."""
    asked = requested_page(PAGE_SIZE)
    with collaborators().sessions.read() as session:
        rows, total = lessons(session, offset=asked.offset, limit=asked.limit)
    return render_template(
        "console/lessons/index.html", page=Page(rows=rows, total=total, request=asked)
    )


@blueprint.get("/lessons/new")
@requires(Permission.MANAGE_TRAINING)
def new_lesson() -> ResponseReturnValue:
    """The empty form."""
    return _form(None, {}, None)


@blueprint.post("/lessons/new")
@requires(Permission.MANAGE_TRAINING)
def add_lesson() -> ResponseReturnValue:
    """Write a lesson."""
    tools = collaborators()
    now = tools.now()
    form = Form.sent()
    try:
        draft = _draft(form, None, now)
        lesson_id = write_lesson(tools.sessions, draft, actor=current_actor(), now=now)
    except (InvalidField, LessonRefused) as refused:
        return _form(None, form.shown(), refused), 422
    flash("课程已保存，可以安排推送了。")
    return redirect(f"{LIST}/{lesson_id}", code=303)


@blueprint.get("/lessons/<int:lesson_id>")
@requires(Permission.VIEW_TRAINING)
def show_lesson(lesson_id: int) -> ResponseReturnValue:
    """One lesson, as a phone shows it."""
    return render_template("console/lessons/show.html", lesson=_found(lesson_id))


@blueprint.get("/lessons/<int:lesson_id>/edit")
@requires(Permission.MANAGE_TRAINING)
def edit(lesson_id: int) -> ResponseReturnValue:
    """The form, filled in."""
    found = _found(lesson_id)
    shown = {"title": found.title, "body": found.body, "link": found.link or ""}
    return _form(found, shown, None)


@blueprint.post("/lessons/<int:lesson_id>/edit")
@requires(Permission.MANAGE_TRAINING)
def change_lesson(lesson_id: int) -> ResponseReturnValue:
    """Replace a lesson's words and picture."""
    tools = collaborators()
    now = tools.now()
    found = _found(lesson_id)
    form = Form.sent()
    try:
        draft = _draft(form, found, now)
        edit_lesson(tools.sessions, lesson_id, draft, actor=current_actor(), now=now)
    except (InvalidField, LessonRefused) as refused:
        return _form(found, form.shown(), refused), 422
    flash("课程已更新，已经推送出去的链接也会显示新内容。")
    return redirect(f"{LIST}/{lesson_id}", code=303)


def _draft(form: Form, before: LessonPage | None, now: datetime) -> LessonDraft:
    """Read the form; without a new picture the lesson keeps the one it has, if wanted."""
    title = form.text("title", "标题", max_length=MAX_TITLE_LENGTH)
    body = form.text("body", "内容", max_length=MAX_BODY_LENGTH, many_lines=True)
    link = form.text("link", "链接", max_length=MAX_LINK_LENGTH, min_length=0)
    picture_id = uploaded_picture("picture", now)
    if picture_id is None and before is not None and not form.has("without_picture"):
        picture_id = before.picture_id
    return LessonDraft(title=title, body=body, link=link or None, picture_id=picture_id)


def _form(
    found: LessonPage | None, shown: dict[str, str], refusal: InvalidField | LessonRefused | None
) -> str:
    return render_template("console/lessons/edit.html", lesson=found, shown=shown, refusal=refusal)


def _found(lesson_id: int) -> LessonPage:
    with collaborators().sessions.read() as session:
        found = lesson(session, lesson_id)
    if found is None:
        abort(404)
    return found
