"""/sns/: what the application does with a code from web authorisation."""

from flask import Blueprint, Response, jsonify, request

from sandbox.errors import ApiError
from sandbox.oauth import Grant
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the calls of web authorisation."""
    sns = Blueprint("sns", __name__, url_prefix="/sns")

    @sns.before_request
    def charge() -> None:
        world.quotas.charge(request.path)

    @sns.get("/oauth2/access_token")
    def access_token() -> Response:
        query = request.args
        _check_app(world)
        if query.get("secret") != world.ground.account.app_secret:
            raise ApiError(40125 if query.get("secret") else 41004)
        if query.get("grant_type") != "authorization_code":
            raise ApiError(40002)
        return jsonify(_body(world, world.oauth.exchange(query.get("code", ""))))

    @sns.get("/oauth2/refresh_token")
    def refresh_token() -> Response:
        _check_app(world)
        if request.args.get("grant_type") != "refresh_token":
            raise ApiError(40002)
        grant = world.oauth.refresh(request.args.get("refresh_token", ""))
        return jsonify(_body(world, grant))

    @sns.get("/userinfo")
    def userinfo() -> Response:
        token, openid = request.args.get("access_token", ""), request.args.get("openid", "")
        phone = world.oauth.person(token, openid, needs_scope=True)
        body = {
            "openid": openid,
            "nickname": "微信用户" if phone.is_snapshot else phone.nickname,
            "sex": 0,
            "province": "",
            "city": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
        }
        return jsonify({**body, "unionid": phone.union_id} if phone.union_id else body)

    @sns.get("/auth")
    def auth() -> Response:
        token, openid = request.args.get("access_token", ""), request.args.get("openid", "")
        world.oauth.person(token, openid, needs_scope=False)
        return jsonify({"errcode": 0, "errmsg": "ok"})

    return sns


def _check_app(world: World) -> None:
    app_id = request.args.get("appid")
    if not app_id:
        raise ApiError(41002)
    if app_id != world.ground.account.app_id:
        raise ApiError(40013)


def _body(world: World, grant: Grant) -> dict[str, object]:
    body: dict[str, object] = {
        "access_token": grant.access_token,
        "expires_in": grant.expires_in,
        "refresh_token": grant.refresh_token,
        "openid": grant.openid,
        "scope": grant.scope,
    }
    if grant.is_snapshot:
        body["is_snapshotuser"] = 1
        return body
    union_id = world.followers.get(grant.phone_id).union_id
    if union_id:
        body["unionid"] = union_id
    return body
