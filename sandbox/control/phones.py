"""Control API: phones, and what their owners do with the account."""

import dataclasses
import time

from flask import Blueprint, Response, jsonify, request

from sandbox import qrcodes
from sandbox.chat import Message
from sandbox.clock import iso_utc
from sandbox.control import fields
from sandbox.errors import ControlError
from sandbox.followers import NewPhone, Phone
from sandbox.world import World

LONGEST_WAIT_SECONDS = 25


def blueprint(world: World) -> Blueprint:
    """Return the calls about phones."""
    api = Blueprint("control_phones", __name__, url_prefix="/sandbox/api/phones")
    _add_phones(api, world)
    _add_acts(api, world)
    _add_scans(api, world)
    _add_reading(api, world)
    return api


def _phone(world: World, phone: Phone) -> dict[str, object]:
    body = dataclasses.asdict(phone)
    del body["scene"], body["remark"]
    body["followed_at"] = iso_utc(phone.followed_at)
    body["last_message_id"] = world.chat.last_id(phone.phone_id)
    return body


def _add_phones(api: Blueprint, world: World) -> None:
    @api.post("")
    def add() -> tuple[Response, int]:
        body = fields.json_body()
        phone, is_new = world.followers.add(
            NewPhone(
                phone_id=fields.optional_text(body, "phone_id"),
                openid=fields.optional_text(body, "openid"),
                nickname=fields.text(body, "nickname"),
                real_name=fields.text(body, "real_name", ""),
                is_following=fields.flag(body, "is_following"),
                is_snapshot=fields.flag(body, "is_snapshot"),
            )
        )
        return jsonify(_phone(world, phone)), 201 if is_new else 200

    @api.get("")
    def phones() -> Response:
        return jsonify({"phones": [_phone(world, phone) for phone in world.followers.all()]})

    @api.get("/<phone_id>")
    def get(phone_id: str) -> Response:
        return jsonify(_phone(world, world.followers.get(phone_id)))

    @api.patch("/<phone_id>")
    def change(phone_id: str) -> Response:
        body, phone = fields.json_body(), world.followers.get(phone_id)
        changed = dataclasses.replace(
            phone,
            nickname=fields.text(body, "nickname", phone.nickname),
            real_name=fields.text(body, "real_name", phone.real_name),
            is_snapshot=fields.flag(body, "is_snapshot", default=phone.is_snapshot),
        )
        return jsonify(_phone(world, world.followers.change(changed)))


def _add_acts(api: Blueprint, world: World) -> None:
    @api.post("/<phone_id>/follow")
    def follow(phone_id: str) -> Response:
        ticket = fields.optional_text(fields.json_body(), "ticket")
        return jsonify({"delivery_id": world.people.follow(phone_id, ticket)})

    @api.post("/<phone_id>/unfollow")
    def unfollow(phone_id: str) -> Response:
        return jsonify({"delivery_id": world.people.unfollow(phone_id)})

    @api.post("/<phone_id>/text")
    def text(phone_id: str) -> Response:
        sent = world.people.write(phone_id, fields.text(fields.json_body(), "text"))
        return jsonify({"message_id": sent.message_id, "delivery_id": sent.delivery_id})

    @api.post("/<phone_id>/image")
    def image(phone_id: str) -> Response:
        return jsonify(dataclasses.asdict(world.people.send_picture(phone_id, request.get_data())))

    @api.post("/<phone_id>/menu")
    def menu(phone_id: str) -> Response:
        path = fields.json_body().get("path")
        if not isinstance(path, list) or not all(type(step) is int for step in path):
            raise ControlError(400, "path", "path must be a list of positions")
        button, delivery_id = world.people.press(phone_id, path)
        return jsonify(
            {
                "action": button.kind,
                "key": button.key or None,
                "url": button.url or None,
                "delivery_id": delivery_id,
            }
        )


def _add_scans(api: Blueprint, world: World) -> None:
    @api.post("/<phone_id>/decode")
    def decode(phone_id: str) -> Response:
        world.followers.get(phone_id)
        return jsonify({"content": qrcodes.read(request.get_data())})

    @api.post("/<phone_id>/scan")
    def scan(phone_id: str) -> Response:
        content: str | None
        if request.mimetype.startswith("image/"):
            content = qrcodes.read(request.get_data())
        else:
            content = fields.text(fields.json_body(), "content")
        return jsonify(dataclasses.asdict(world.people.scan(phone_id, content)))


def _add_reading(api: Blueprint, world: World) -> None:
    @api.get("/<phone_id>/messages")
    def messages(phone_id: str) -> Response:
        world.followers.get(phone_id)
        after = fields.query_number("after", 0)
        limit = fields.query_number("limit", 200)
        seconds = min(fields.query_number("wait", 0), LONGEST_WAIT_SECONDS)
        found = _wait(world, phone_id, (after, limit), seconds)
        last_id = found[-1].message_id if found else after
        return jsonify({"messages": [message_json(m) for m in found], "last_id": last_id})

    @api.post("/<phone_id>/open")
    def ask_open(phone_id: str) -> Response:
        world.followers.get(phone_id)
        open_id = world.ground.store.insert(
            "INSERT INTO opens (phone_id, url, created_at) VALUES (?, ?, ?)",
            phone_id,
            fields.text(fields.json_body(), "url"),
            world.ground.clock.now(),
        )
        return jsonify({"open_id": open_id})

    @api.get("/<phone_id>/opens")
    def opens(phone_id: str) -> Response:
        rows = world.ground.store.rows(
            "SELECT open_id, url, created_at FROM opens WHERE phone_id = ? AND open_id > ? "
            "ORDER BY open_id",
            phone_id,
            fields.query_number("after", 0),
        )
        found = [{**dict(row), "created_at": iso_utc(row["created_at"])} for row in rows]
        return jsonify({"opens": found})


def _wait(world: World, phone_id: str, page: tuple[int, int], seconds: int) -> list[Message]:
    """Return messages after an id, at most so many; wait for the first up to `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        rings = world.chat.rings
        found = world.chat.after(phone_id, *page)
        left = deadline - time.monotonic()
        if found or left <= 0:
            return found
        world.chat.wait(left, rings)


def message_json(message: Message) -> dict[str, object]:
    """Return a message as `docs/sandbox.md` describes it."""
    content = message.content
    media_url = f"/sandbox/api/media/{content.media_id}" if content.media_id else None
    return {
        "message_id": message.message_id,
        "sender": message.sender,
        "kind": content.kind,
        "text": content.text,
        "media_url": media_url,
        "articles": [dataclasses.asdict(article) for article in content.articles],
        "source": message.source,
        "created_at": iso_utc(message.created_at),
        "delivery_id": message.delivery_id,
    }
