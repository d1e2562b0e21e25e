"""Pages of WeChat's own hosts: authorisation, and the picture of a QR code."""

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox import qrcodes
from sandbox.oauth import AuthorisationRequest, PageError
from sandbox.world import World

PHONE_HEADER = "X-Sandbox-Phone"

PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { margin: 0; background: #ededed; color: #191919;
  font: 17px/1.6 -apple-system, "Noto Sans CJK SC", "PingFang SC", sans-serif; }
main { max-width: 22em; margin: 0 auto; padding: 72px 32px; text-align: center; }
h1 { margin: 0 0 12px; font-size: 22px; font-weight: 500; }
p { margin: 0 0 32px; color: #737373; font-size: 15px; }
.badge { width: 64px; height: 64px; margin: 0 auto 28px; border-radius: 50%; background: #07c160;
  color: #fff; font-size: 32px; line-height: 64px; }
.badge.warn { background: #fa9d3b; }
button { width: 184px; height: 48px; border: 0; border-radius: 8px; background: #07c160;
  color: #fff; font: 500 17px/48px inherit; font-family: inherit; }
</style></head><body><main>
<div class="badge{{ '' if consent else ' warn' }}" aria-hidden="true">{{ badge }}</div>
<h1>{{ title }}</h1><p>{{ text }}</p>
{% if consent %}<form method="post"><button type="submit">同意</button></form>{% endif %}
</main></body></html>"""


def _page(title: str, text: str, *, consent: bool = False, status: int = 200) -> Response:
    badge = title[0] if consent else "!"
    html = render_template_string(PAGE, title=title, text=text, consent=consent, badge=badge)
    return Response(html, status=status, content_type="text/html; charset=utf-8")


def blueprint(world: World) -> Blueprint:
    """Return the pages."""
    pages = Blueprint("pages", __name__)

    @pages.errorhandler(PageError)
    def page_error(error: PageError) -> Response:
        return _page("无法访问", f"{error.message}（{error.code}）")

    @pages.route("/connect/oauth2/authorize", methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        phone = world.followers.find(request.headers.get(PHONE_HEADER, ""))
        if phone is None:
            return _page("请在微信客户端打开链接", "这个页面只能在微信里打开。")
        wanted = AuthorisationRequest(
            app_id=request.args.get("appid", ""),
            redirect_uri=request.args.get("redirect_uri", ""),
            response_type=request.args.get("response_type", ""),
            scope=request.args.get("scope", ""),
            state=request.args.get("state", ""),
        )
        world.oauth.check(wanted)
        if request.method == "GET" and world.oauth.needs_consent(wanted, phone):
            name = world.ground.account.name
            return _page(name, f"{name} 申请获取你的昵称、头像等信息", consent=True)
        return redirect(world.oauth.redirect(wanted, phone))

    @pages.get("/cgi-bin/showqrcode")
    def showqrcode() -> Response:
        code = world.qrcodes.by_ticket(request.args.get("ticket", ""))
        if code is None:
            return Response(status=404)
        return Response(qrcodes.draw(code.url), content_type="image/jpg")

    return pages
