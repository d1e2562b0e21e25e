"""Control API: the account's side: its menu, its address, its media."""

from flask import Blueprint, Response, jsonify

from sandbox.control import fields
from sandbox.errors import ControlError
from sandbox.world import World


def blueprint(world: World) -> Blueprint:
    """Return the calls about the account."""
    api = Blueprint("control_account", __name__, url_prefix="/sandbox/api")

    @api.get("/account")
    def account() -> Response:
        ground = world.ground
        return jsonify(
            {
                "app_id": ground.account.app_id,
                "original_id": ground.account.original_id,
                "name": ground.account.name,
                "callback_url": world.callbacks.url,
                "merchant_id": ground.merchant.merchant_id,
                "merchant_name": ground.merchant.merchant_name,
                "base_url": ground.account.base_url,
            }
        )

    @api.patch("/account")
    def change_account() -> Response:
        url = fields.text(fields.json_body(), "callback_url")
        if not url.startswith(("http://", "https://")):
            raise ControlError(400, "callback_url", "callback_url must be an absolute address")
        world.ground.store.set_fact("callback_url", url)
        return account()

    @api.post("/account/verify")
    def verify() -> Response:
        is_verified, answer = world.callbacks.verify_url()
        body = answer.body.decode(errors="replace") or answer.error
        return jsonify({"is_verified": is_verified, "status": answer.status, "body": body})

    @api.post("/account/expire-tokens")
    def expire_tokens() -> Response:
        world.tokens.expire_all()
        return jsonify({})

    @api.get("/menu")
    def menu() -> Response:
        return jsonify({"menu": world.menus.current()})

    @api.get("/media/<media_id>")
    def media(media_id: str) -> Response:
        found = world.media.find(media_id)
        if found is None:
            raise ControlError(404, "no_media", "no such media")
        return Response(found.content, content_type=found.content_type)

    return api
