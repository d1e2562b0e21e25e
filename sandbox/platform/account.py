"""/cgi-bin/: the official account's API."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.errors import ApiError
from sandbox.world import World

# These two are how one gets a token.
WITHOUT_TOKEN = {"/cgi-bin/token", "/cgi-bin/stable_token"}
OK = {"errcode": 0, "errmsg": "ok"}


def json_body() -> dict[str, Any]:
    """Return a POST's JSON object. Raises: ApiError 44002, 47001."""
    if not request.get_data():
        raise ApiError(44002)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def blueprint(world: World) -> Blueprint:
    """Return the account's API."""
    api = Blueprint("account", __name__, url_prefix="/cgi-bin")

    @api.before_request
    def admit() -> None:
        if request.path == "/cgi-bin/showqrcode":
            return
        if request.path not in WITHOUT_TOKEN:
            world.tokens.check(request.args.get("access_token"))
        world.quotas.charge(request.path)

    _add_tokens(api, world)
    _add_messages(api, world)
    _add_menu_and_codes(api, world)
    _add_users(api, world)
    _add_tags(api, world)
    _add_tag_members(api, world)
    return api


def _check_credentials(world: World, app_id: object, secret: object, grant_type: object) -> None:
    if grant_type != "client_credential":
        raise ApiError(40002)
    if not app_id:
        raise ApiError(41002)
    if app_id != world.ground.account.app_id:
        raise ApiError(40013)
    if not secret:
        raise ApiError(41004)
    if secret != world.ground.account.app_secret:
        raise ApiError(40125)


def _add_tokens(api: Blueprint, world: World) -> None:
    @api.get("/token")
    def token() -> Response:
        query = request.args
        _check_credentials(world, query.get("appid"), query.get("secret"), query.get("grant_type"))
        issued = world.tokens.plain()
        return jsonify({"access_token": issued.value, "expires_in": issued.expires_in})

    @api.post("/stable_token")
    def stable_token() -> Response:
        body = json_body()
        _check_credentials(world, body.get("appid"), body.get("secret"), body.get("grant_type"))
        issued = world.tokens.stable(is_forced=body.get("force_refresh") is True)
        return jsonify({"access_token": issued.value, "expires_in": issued.expires_in})

    @api.get("/ticket/getticket")
    def ticket() -> Response:
        if request.args.get("type") != "jsapi":
            raise ApiError(40097)
        issued = world.tokens.ticket()
        return jsonify({**OK, "ticket": issued.value, "expires_in": issued.expires_in})

    @api.post("/clear_quota")
    def clear_quota() -> Response:
        if json_body().get("appid") != world.ground.account.app_id:
            raise ApiError(40013)
        world.quotas.clear()
        return jsonify(OK)


def _add_messages(api: Blueprint, world: World) -> None:
    @api.post("/message/custom/send")
    def send() -> Response:
        world.customer_service.send(json_body())
        return jsonify(OK)

    @api.post("/message/custom/typing")
    def typing() -> Response:
        body = json_body()
        phone = world.followers.by_openid(str(body.get("touser", "")))
        if phone is None:
            raise ApiError(40003)
        if body.get("command") not in {"Typing", "CancelTyping"}:
            raise ApiError(40097)
        world.windows.check(phone.openid)
        return jsonify(OK)

    @api.post("/media/upload")
    def upload() -> Response:
        part = request.files.get("media")
        content = None if part is None else part.read()
        media = world.media.upload(request.args.get("type", ""), content)
        return jsonify(
            {
                "type": media.kind,
                "media_id": media.media_id,
                "created_at": int(media.created_at),
                "item": [],
            }
        )

    @api.get("/media/get")
    def download() -> Response:
        media = world.media.usable(request.args.get("media_id", ""))
        return Response(media.content, content_type=media.content_type)


def _add_menu_and_codes(api: Blueprint, world: World) -> None:
    @api.post("/menu/create")
    def create_menu() -> Response:
        world.menus.create(json_body())
        return jsonify(OK)

    @api.get("/menu/get")
    def get_menu() -> Response:
        menu = world.menus.current()
        if menu is None:
            raise ApiError(46003)
        return jsonify({"menu": menu})

    @api.get("/menu/delete")
    def delete_menu() -> Response:
        world.menus.delete()
        return jsonify(OK)

    @api.post("/qrcode/create")
    def create_code() -> Response:
        code, seconds = world.qrcodes.create(json_body())
        body: dict[str, object] = {"ticket": code.ticket}
        if seconds is not None:
            body["expire_seconds"] = seconds
        return jsonify({**body, "url": code.url})


def _add_users(api: Blueprint, world: World) -> None:
    @api.get("/user/info")
    def info() -> Response:
        return jsonify(_person(world, request.args.get("openid", "")))

    @api.post("/user/info/batchget")
    def infos() -> Response:
        people = json_body().get("user_list")
        if not isinstance(people, list) or not 1 <= len(people) <= 100:
            raise ApiError(40032)
        openids = [str(p.get("openid", "")) if isinstance(p, dict) else "" for p in people]
        return jsonify({"user_info_list": [_person(world, openid) for openid in openids]})

    @api.get("/user/get")
    def openids() -> Response:
        after = request.args.get("next_openid", "")
        if after and world.followers.by_openid(after) is None:
            raise ApiError(40003)
        found, total = world.followers.openids(after, 10_000)
        body: dict[str, object] = {"total": total, "count": len(found)}
        if found:
            body["data"] = {"openid": found}
        return jsonify({**body, "next_openid": found[-1] if found else ""})


def _person(world: World, openid: str) -> dict[str, object]:
    if not openid:
        raise ApiError(41009)
    phone = world.followers.by_openid(openid)
    if phone is None:
        raise ApiError(40003)
    if not phone.is_following:
        return {"subscribe": 0, "openid": openid, "tagid_list": []}
    body: dict[str, object] = {
        "subscribe": 1,
        "openid": openid,
        # Names, pictures and places are no longer given (2021-12-27).
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(phone.followed_at or 0),
        "remark": phone.remark,
        "groupid": 0,
        "tagid_list": world.tags.of(openid),
        "subscribe_scene": "ADD_SCENE_QR_CODE" if phone.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(phone.scene) if phone.scene.isdigit() else 0,
        "qr_scene_str": "" if phone.scene.isdigit() else phone.scene,
    }
    if phone.union_id:
        body["unionid"] = phone.union_id
    return body


def _named_tag() -> dict[str, Any]:
    tag = json_body().get("tag")
    return tag if isinstance(tag, dict) else {}


def _add_tags(api: Blueprint, world: World) -> None:
    @api.post("/tags/create")
    def create_tag() -> Response:
        tag = world.tags.create(_named_tag().get("name"))
        return jsonify({"tag": {"id": tag.tag_id, "name": tag.name}})

    @api.get("/tags/get")
    def tags() -> Response:
        found = [{"id": t.tag_id, "name": t.name, "count": t.count} for t in world.tags.all()]
        return jsonify({"tags": found})

    @api.post("/tags/update")
    def rename_tag() -> Response:
        world.tags.rename(_named_tag().get("id"), _named_tag().get("name"))
        return jsonify(OK)

    @api.post("/tags/delete")
    def delete_tag() -> Response:
        world.tags.delete(_named_tag().get("id"))
        return jsonify(OK)


def _add_tag_members(api: Blueprint, world: World) -> None:
    @api.post("/tags/members/batchtagging")
    def give() -> Response:
        world.tags.give(json_body().get("tagid"), json_body().get("openid_list"))
        return jsonify(OK)

    @api.post("/tags/members/batchuntagging")
    def take() -> Response:
        world.tags.take(json_body().get("tagid"), json_body().get("openid_list"))
        return jsonify(OK)

    @api.post("/tags/getidlist")
    def tags_of() -> Response:
        openid = str(json_body().get("openid", ""))
        if world.followers.by_openid(openid) is None:
            raise ApiError(40003)
        return jsonify({"tagid_list": world.tags.of(openid)})

    @api.post("/user/tag/get")
    def members() -> Response:
        body = json_body()
        found = world.tags.members(body.get("tagid"), str(body.get("next_openid", "")))
        answer: dict[str, object] = {"count": len(found)}
        if found:
            answer["data"] = {"openid": found}
        return jsonify({**answer, "next_openid": found[-1] if found else ""})
