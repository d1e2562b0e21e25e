"""Control API: callbacks and notifications, seen, held, repeated and forged."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.callbacks import message_id
from sandbox.clock import iso_utc, real_now
from sandbox.control import fields
from sandbox.deliveries import Channel, Delivery
from sandbox.errors import ControlError
from sandbox.notifications import Notice
from sandbox.outgoing import Answer, Forge
from sandbox.replies import ReplyError
from sandbox.world import World

LONGEST_WAIT_SECONDS = 60.0
ORIGINAL_TYPES = {
    Channel.PAYMENT: "transaction",
    Channel.REFUND: "refund",
    Channel.TRANSFER: "mch_payment",
}


def blueprint(world: World) -> Blueprint:
    """Return the calls about deliveries."""
    api = Blueprint("control_deliveries", __name__, url_prefix="/sandbox/api")
    _add_lists(api, world)
    _add_holding(api, world)
    _add_forging(api, world)
    return api


def _delivery(delivery: Delivery) -> dict[str, object]:
    return {
        "delivery_id": delivery.delivery_id,
        "channel": delivery.channel,
        "lane": delivery.lane,
        "event": delivery.event,
        "phone_id": delivery.phone_id,
        "state": delivery.state,
        "tries": delivery.tries,
        "next_try_in_seconds": (
            round(max(0.0, delivery.next_real - real_now()), 3)
            if delivery.state == "pending"
            else None
        ),
        "attempts": [{**a, "at": iso_utc(a["at"])} for a in delivery.attempts],
    }


def _channel(body: dict[str, Any]) -> Channel:
    try:
        return Channel(fields.text(body, "channel"))
    except ValueError as error:
        raise ControlError(400, "channel", f"channel is one of {', '.join(Channel)}") from error


def _forge(body: dict[str, Any]) -> Forge:
    try:
        return Forge(fields.text(body, "forge", "none"))
    except ValueError as error:
        raise ControlError(400, "forge", f"forge is one of {', '.join(Forge)}") from error


def _add_lists(api: Blueprint, world: World) -> None:
    @api.get("/deliveries")
    def deliveries() -> Response:
        found = world.deliveries.find(
            request.args.get("channel"),
            request.args.get("state"),
            fields.query_number("after", 0),
        )
        return jsonify({"deliveries": [_delivery(delivery) for delivery in found]})

    @api.get("/deliveries/<int:delivery_id>")
    def delivery(delivery_id: int) -> Response:
        return jsonify(_delivery(world.deliveries.get(delivery_id)))

    @api.post("/deliveries/wait")
    def wait() -> Response:
        seconds = min(fields.number(fields.json_body(), "seconds", 10.0), LONGEST_WAIT_SECONDS)
        return jsonify({"is_idle": world.courier.wait_idle(seconds)})


def _add_holding(api: Blueprint, world: World) -> None:
    @api.post("/deliveries/hold")
    def hold() -> Response:
        world.deliveries.hold(_channel(fields.json_body()))
        return jsonify({})

    @api.post("/deliveries/release")
    def release() -> Response:
        body = fields.json_body()
        order = fields.text(body, "order", "first")
        if order not in {"first", "reversed"}:
            raise ControlError(400, "order", "order is first or reversed")
        released = world.deliveries.release(_channel(body), is_reversed=order == "reversed")
        return jsonify({"delivery_ids": released})


def _answered(world: World, answer: Answer) -> Response:
    body = answer.body.decode(errors="replace")
    reply = None
    if "<Encrypt>" in body:
        try:
            reply = world.callbacks.open_reply(answer.body)
        except ReplyError as error:
            reply = f"unreadable: {error}"
    return jsonify(
        {"status": answer.status, "body": body, "reply": reply, "error": answer.error or None}
    )


def _add_forging(api: Blueprint, world: World) -> None:
    @api.post("/deliveries/<int:delivery_id>/resend")
    def resend(delivery_id: int) -> Response:
        forge = _forge(fields.json_body())
        delivery = world.deliveries.get(delivery_id)
        is_callback = delivery.channel == Channel.CALLBACK
        carrier = world.callbacks if is_callback else world.notifications
        answer = carrier.send(delivery, forge)
        world.deliveries.record(delivery, answer, is_try=False)
        return _answered(world, answer)

    _add_injecting(api, world)


def _add_injecting(api: Blueprint, world: World) -> None:
    @api.post("/deliveries/inject")
    def inject() -> Response:
        body = fields.json_body()
        phone = world.followers.get(fields.text(body, "phone_id"))
        message = fields.optional_text(body, "xml")
        if message is None:
            values = body.get("message")
            if not isinstance(values, dict):
                raise ControlError(400, "message", "message must be an object, or give xml")
            if values.get("MsgType") != "event":
                values.setdefault("MsgId", message_id())
            message = world.callbacks.write(phone, values)
        return _answered(world, world.callbacks.inject(phone, message, _forge(body)))

    @api.post("/notifications/inject")
    def inject_notice() -> Response:
        body = fields.json_body()
        resource = body.get("resource")
        if not isinstance(resource, dict):
            raise ControlError(400, "resource", "resource must be an object")
        event_type = fields.text(body, "event_type")
        channel = Channel.PAYMENT
        if event_type.startswith("REFUND."):
            channel = Channel.REFUND
        elif event_type.startswith("MCHTRANSFER."):
            channel = Channel.TRANSFER
        notice = Notice(
            channel=channel,
            number="",
            url=fields.text(body, "url"),
            event_type=event_type,
            summary=event_type,
            original_type=ORIGINAL_TYPES[channel],
            resource=resource,
        )
        return _answered(world, world.notifications.inject(notice, _forge(body)))
