"""Push plans: schedule, stop, and the report of who was reached and how."""

from datetime import UTC, datetime, timedelta

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from console import blueprint
from console.filtering import PAGE_SIZE, asked_choice, asked_id, tab_address
from console.guard import current_actor, requires
from queries.campaigns import (
    CampaignRow,
    TurnFilter,
    campaign,
    campaign_counts,
    campaigns,
    firings,
    grades,
    reasons,
    turns,
)
from queries.lessons import lesson_choices
from rules.china_time import SHANGHAI
from rules.push_timing import Repeat, Schedule, ScheduleRefused
from rules.staff import Permission
from rules.training import MAX_PLAN_NAME_LENGTH, CampaignStatus, LessonRefused, TurnState
from web.collaborators import collaborators
from web.forms import Form, InvalidField
from web.paging import Page, requested_page
from workflows.campaigns.schedule import CampaignDraft, schedule_campaign
from workflows.campaigns.stop import stop_campaign

LIST = "/console/campaigns"
TABS = (
    ("进行中", CampaignStatus.ACTIVE),
    ("已结束", CampaignStatus.FINISHED),
    ("已停止", CampaignStatus.STOPPED),
)
STATES = (
    (TurnState.SENT.value, "聊天送达"),
    (TurnState.INBOX.value, "收件箱"),
    (TurnState.WAITING.value, "等待中"),
    (TurnState.SKIPPED.value, "已跳过"),
    (TurnState.FAILED.value, "失败"),
    (TurnState.UNKNOWN.value, "结果未知"),
)
OPENED = (("yes", "已打开"), ("no", "未打开"))
WEEKDAYS = tuple(enumerate(("周一", "周二", "周三", "周四", "周五", "周六", "周日")))
SUGGESTED_HOURS_AHEAD = 1
LAST_FIRING = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
"""The end of the century: pages can't write the years after 9999 in Shanghai's time."""


@blueprint.get("/campaigns")
@requires(Permission.VIEW_CAMPAIGNS)
def show_campaigns() -> ResponseReturnValue:
    """All push plans, newest first."""
    tools = collaborators()
    status = asked_choice("status", CampaignStatus)
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        rows, total = campaigns(session, status, offset=asked.offset, limit=asked.limit)
        counts = campaign_counts(session)
    tabs = [("全部", tab_address(LIST, "status", ""), status is None, sum(counts.values()))]
    tabs += [
        (word, tab_address(LIST, "status", state), status is state, counts.get(state, 0))
        for word, state in TABS
    ]
    return render_template(
        "console/campaigns/index.html",
        page=Page(rows=rows, total=total, request=asked),
        tabs=tabs,
        weekdays=WEEKDAYS,
        now=tools.now(),
    )


@blueprint.get("/campaigns/new")
@requires(Permission.MANAGE_CAMPAIGNS)
def new_campaign() -> ResponseReturnValue:
    """The form, with a lesson chosen if its page led here."""
    lesson_id = asked_id("lesson")
    soon = collaborators().now().astimezone(SHANGHAI) + timedelta(hours=SUGGESTED_HOURS_AHEAD)
    shown = {
        "repeat": Repeat.ONCE.value,
        "once_at": f"{soon:%Y-%m-%dT%H:00}",
        "at_time": "20:00",
        "weekday": "2",
        "lesson": "" if lesson_id is None else str(lesson_id),
    }
    return _form(shown, None)


@blueprint.post("/campaigns/new")
@requires(Permission.MANAGE_CAMPAIGNS)
def add_campaign() -> ResponseReturnValue:
    """Schedule a push plan."""
    tools = collaborators()
    form = Form.sent()
    try:
        draft = _draft(form)
        campaign_id = schedule_campaign(
            tools.sessions, draft, actor=current_actor(), now=tools.now()
        )
    except (InvalidField, LessonRefused, ScheduleRefused) as refused:
        return _form(form.shown(), refused), 422
    except NoResultFound:
        return _form(form.shown(), InvalidField("lesson", "请选择课程和受众。")), 422
    flash("推送计划已安排，到时间会自动发出。")
    return redirect(f"{LIST}/{campaign_id}", code=303)


@blueprint.get("/campaigns/<int:campaign_id>")
@requires(Permission.VIEW_CAMPAIGNS)
def show_campaign(campaign_id: int) -> ResponseReturnValue:
    """The report: figures, reasons, and each person's turn."""
    tools = collaborators()
    fire_at = _asked_firing()
    opened = asked_choice("opened", [value for value, _ in OPENED])
    wanted = TurnFilter(
        campaign_id=campaign_id,
        fire_at=fire_at,
        state=asked_choice("state", TurnState),
        is_opened=None if opened is None else opened == "yes",
    )
    asked = requested_page(PAGE_SIZE)
    with tools.sessions.read() as session:
        plan = campaign(session, campaign_id, fire_at)
        if plan is None:
            abort(404)
        rows, total = turns(session, wanted, offset=asked.offset, limit=asked.limit)
        why = reasons(session, campaign_id, fire_at)
        fired = firings(session, campaign_id)
    return render_template(
        "console/campaigns/show.html",
        plan=plan,
        page=Page(rows=rows, total=total, request=asked),
        reasons=why,
        firings=tuple((str(int(each.timestamp())), each) for each in fired),
        states=STATES,
        opened=OPENED,
        weekdays=WEEKDAYS,
        asked=request.args,
        now=tools.now(),
    )


@blueprint.post("/campaigns/<int:campaign_id>/stop")
@requires(Permission.MANAGE_CAMPAIGNS)
def stop(campaign_id: int) -> ResponseReturnValue:
    """Stop a plan; who still waits is spared."""
    tools = collaborators()
    _found(campaign_id)
    spared = stop_campaign(tools.sessions, campaign_id, actor=current_actor(), now=tools.now())
    flash(f"推送已停止，{spared} 位还没发出的不再发送。" if spared else "推送已停止。")
    return redirect(f"{LIST}/{campaign_id}", code=303)


def _draft(form: Form) -> CampaignDraft:
    repeat = form.choice("repeat", "推送方式", tuple(Repeat))
    return CampaignDraft(
        name=form.text("name", "计划名称", max_length=MAX_PLAN_NAME_LENGTH),
        lesson_id=form.integer("lesson", "课程", minimum=1, maximum=2**62),
        grade_id=(
            form.integer("grade", "受众", minimum=1, maximum=2**62) if form.has("grade") else None
        ),
        schedule=_once(form) if repeat is Repeat.ONCE else _weekly(form),
    )


def _once(form: Form) -> Schedule:
    return Schedule(repeat=Repeat.ONCE, once_at=form.moment("once_at", "推送时间"))


def _weekly(form: Form) -> Schedule:
    typed = form.text("at_time", "推送时间", max_length=8)
    try:
        at_time = datetime.strptime(typed, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise InvalidField("at_time", "推送时间不正确，例如 20:00。") from None
    weekday = form.integer("weekday", "星期", minimum=0, maximum=6)
    return Schedule(repeat=Repeat.WEEKLY, weekday=weekday, at_time=at_time)


def _form(
    shown: dict[str, str], refusal: InvalidField | LessonRefused | ScheduleRefused | None
) -> str:
    with collaborators().sessions.read() as session:
        lessons, audiences = lesson_choices(session), grades(session)
    return render_template(
        "console/campaigns/edit.html",
        shown=shown,
        refusal=refusal,
        lessons=lessons,
        grades=[(grade_id, f"{name}分销商") for grade_id, name in audiences],
        weekdays=WEEKDAYS,
    )


def _asked_firing() -> datetime | None:
    seconds = asked_id("fire")
    if seconds is None:
        return None
    if seconds > LAST_FIRING:
        abort(404)
    return datetime.fromtimestamp(seconds, UTC)


def _found(campaign_id: int) -> CampaignRow:
    with collaborators().sessions.read() as session:
        found = campaign(session, campaign_id)
    if found is None:
        abort(404)
    return found
