"""Pages of WeChat's own hosts: authorisation, and the picture of a QR code."""

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox import qrcodes
from sandbox.oauth import AuthorisationRequest, PageError
from sandbox.world import World

PHONE_HEADER = "X-Sandbox-Phone"


def _page(title: str, text: str, *, consent: bool = False, status: int = 200) -> Response:
    badge = title[0] if consent else "!"
    html = render_template(
        "sandbox_pages/page.html", title=title, text=text, consent=consent, badge=badge
    )
    return Response(html, status=status, content_type="text/html; charset=utf-8")


def blueprint(world: World) -> Blueprint:
    """Return the pages."""
    pages = Blueprint("pages", __name__, template_folder="templates")

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
