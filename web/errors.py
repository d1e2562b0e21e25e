"""What a visitor sees when something is refused or breaks.

Machines (Accept: application/json) get `{"code", "message"}`, people get a page in the look of the
face they are on. A refused form that nobody caught goes back to its page with the sentence shown.
"""

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from flask import Flask, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestedRangeNotSatisfiable

from rules.errors import RuleViolation
from wechat.errors import WeChatError
from workflows import is_locked

BUSY_SECONDS = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one kind of error says to a person."""

    title: str
    text: str
    icon: str = "alert-circle"


NOTICES = {
    400: Notice(title="请求无法处理", text="页面可能已经过期，请返回刷新后再试。"),
    401: Notice(title="请先登录", text="登录后就可以继续。", icon="lock"),
    403: Notice(title="没有权限", text="这个页面只对有权限的人开放。", icon="lock"),
    404: Notice(title="页面不存在", text="它可能已经下架，或者链接不完整。", icon="mood-empty"),
    405: Notice(title="不支持这样访问", text="请返回上一页，从页面里的按钮进入。", icon="ban"),
    413: Notice(title="内容太大了", text="请缩小图片或文字后再提交。", icon="photo-off"),
    422: Notice(title="没有办成", text="请检查后再试。"),
    429: Notice(title="操作太频繁", text="请休息一分钟再试。", icon="hourglass"),
    500: Notice(title="出了点问题", text="我们已经记下，请稍后再试。", icon="alert-triangle"),
    502: Notice(title="微信暂时没有回应", text="请稍后再试，已提交的内容不会丢。", icon="wifi-off"),
    503: Notice(title="系统正忙", text="请过几秒再试，刚才的操作没有保存。", icon="hourglass"),
}


def wants_json() -> bool:
    """Tell whether this request asks for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return request.path.startswith("/api/") or best == "application/json"


def error_page(
    status: int, *, message: str | None = None, code: str | None = None, reference: str = ""
) -> ResponseReturnValue:
    """Answer with a designed page or JSON. `reference` is what support can look up in the log."""
    notice = NOTICES.get(status, NOTICES[500] if status >= 500 else NOTICES[400])
    text = message or notice.text
    if wants_json():
        name = code or HTTPStatus(status).phrase.lower().replace(" ", "_")
        return jsonify(code=name, message=text, reference=reference or None), status
    is_console = request.path.startswith("/console")
    template = "shared/console_error.html" if is_console else "shared/storefront_error.html"
    page = render_template(template, notice=notice, text=text, reference=reference)
    return page, status


def _refused(refusal: Exception) -> ResponseReturnValue:
    assert isinstance(refusal, RuleViolation)
    log.info("refused", code=refusal.code, endpoint=request.endpoint)
    back = _page_of_the_form()
    if back is not None and not wants_json():
        flash(refusal.message, "error")
        return redirect(back, code=303)
    return error_page(422, message=refusal.message, code=refusal.code)


def _page_of_the_form() -> str | None:
    """Return the path of the page that posted to us, if it is one of ours."""
    try:
        referrer = urlsplit(request.referrer or "")
    except ValueError:  # "https://[" and its like
        return None
    if request.method != "POST" or referrer.netloc != request.host:
        return None
    if not referrer.path.startswith("/") or referrer.path.startswith("//"):
        return None
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def _wechat_failed(error: Exception) -> ResponseReturnValue:
    assert isinstance(error, WeChatError)
    log.warning("wechat failed", errcode=error.errcode, outcome=error.outcome)
    return error_page(502, code="wechat_unavailable")


def _database_failed(error: Exception) -> ResponseReturnValue:
    """Say at once that another program keeps SQLite's file; anything else is a fault."""
    assert isinstance(error, OperationalError)
    if not is_locked(error):
        return _broken(InternalServerError(original_exception=error))
    log.warning("database busy", endpoint=request.endpoint)
    answer = error_page(503, code="busy")
    assert isinstance(answer, tuple)
    return (*answer, {"Retry-After": str(BUSY_SECONDS)})


def _http_error(error: Exception) -> ResponseReturnValue:
    assert isinstance(error, HTTPException)
    if error.response is not None:
        return error.response
    status = error.code or 500
    if status < 400 or isinstance(error, RequestedRangeNotSatisfiable):
        return error
    if isinstance(error, InternalServerError):
        return _broken(error)
    answer = error_page(status)
    if status == 405 and isinstance(answer, tuple):
        allowed = dict(error.get_headers()).get("Allow", "")
        return (*answer, {"Allow": allowed})
    return answer


def _broken(error: InternalServerError) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    cause = error.original_exception or error
    log.error("broken", reference=reference, endpoint=request.endpoint, exc_info=cause)
    return error_page(500, reference=reference)


def install_errors(app: Flask) -> None:
    """Answer every error with a page or JSON of our own."""
    app.register_error_handler(RuleViolation, _refused)
    app.register_error_handler(WeChatError, _wechat_failed)
    app.register_error_handler(OperationalError, _database_failed)
    app.register_error_handler(HTTPException, _http_error)
