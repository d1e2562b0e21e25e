"""The page with the phones at `/sandbox/`, and what its script asks for."""

import dataclasses
from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.control import fields
from sandbox.errors import ControlError
from sandbox.phones.album import Album
from sandbox.phones.browsers import PhoneBrowsers
from sandbox.phones.chats import Card, Chats, Words
from sandbox.phones.news import News, entry_json, parse_marks
from sandbox.phones.rewriting import is_same_place, origin
from sandbox.world import World


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What lies on the table: the platform and the phones' own things."""

    world: World
    chats: Chats
    album: Album
    news: News
    browsers: PhoneBrowsers

    def application_url(self) -> str:
        """Return the application's origin: where its callbacks go."""
        return origin(self.world.callbacks.url)


def blueprint(table: Table) -> Blueprint:
    """Return the page and its calls."""
    pages = Blueprint(
        "phones",
        __name__,
        url_prefix="/sandbox",
        template_folder="templates",
        static_folder="static",
        static_url_path="/phones/static",
    )
    _add_page(pages, table)
    _add_chats(pages, table)
    _add_pictures(pages, table)
    return pages


def _add_page(pages: Blueprint, table: Table) -> None:
    @pages.get("/")
    def page() -> Response:
        ground = table.world.ground
        boot = {
            "world": table.news.world_id(),
            "application_url": table.application_url(),
            "account": {
                "name": ground.account.name,
                "original_id": ground.account.original_id,
                "merchant_name": ground.merchant.merchant_name,
            },
            "names": {phone.phone_id: phone.nickname for phone in table.world.followers.all()},
        }
        response = Response(render_template("phones.html", boot=boot))
        response.headers["Content-Security-Policy"] = _policy(request.host)
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("")
    def without_slash() -> AnyResponse:
        return redirect(url_for("phones.page"))

    @pages.get("/phones/updates")
    def updates() -> Response:
        marks = parse_marks(request.args.get("after", ""))
        return jsonify(table.news.since(marks, fields.query_number("entry", 0)))


def _policy(host: str) -> str:
    port = urlsplit(f"//{host}").port
    frames = "http://*.localhost" + (f":{port}" if port else "")
    return (
        "default-src 'self'; img-src 'self' data: blob: http: https:; style-src 'self'; "
        f"frame-src {frames}; connect-src 'self' data: blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _add_chats(pages: Blueprint, table: Table) -> None:
    @pages.post("/phones/chats/<chat_id>")
    def say(chat_id: str) -> tuple[Response, int]:
        body = fields.json_body()
        phone_id = table.world.followers.get(fields.text(body, "phone_id")).phone_id
        picture_id = fields.text(body, "picture_id", "")
        kind = fields.text(body, "kind")
        if kind == "image" and table.album.find(picture_id) is None:
            raise ControlError(404, "no_picture", "没有这张图片")
        card = Card(
            title=fields.text(body, "title", ""),
            description=fields.text(body, "description", ""),
            url=fields.text(body, "url", ""),
            picture_url=fields.text(body, "picture_url", ""),
        )
        words = Words(
            kind=kind,
            text=fields.text(body, "text", ""),
            picture_id=picture_id,
            card=card if kind == "card" else None,
        )
        return jsonify(entry_json(table.chats.say(chat_id, phone_id, words))), 201


def _add_pictures(pages: Blueprint, table: Table) -> None:
    def kept(content: bytes) -> tuple[Response, int]:
        picture_id = table.album.keep(content)
        url = url_for("phones.picture", picture_id=picture_id)
        return jsonify({"picture_id": picture_id, "url": url}), 201

    @pages.post("/phones/pictures")
    def keep() -> tuple[Response, int]:
        return kept(request.get_data())

    @pages.post("/phones/pictures/taken")
    def take() -> tuple[Response, int]:
        """Keep a picture of a page, fetched with the cookies of the phone that shows it."""
        body = fields.json_body()
        phone_id = table.world.followers.get(fields.text(body, "phone_id")).phone_id
        url = fields.text(body, "url")
        home = table.application_url()
        if not is_same_place(url, home):
            raise ControlError(400, "url", "这张图片不在商城里")
        try:
            content = table.browsers.fetch(phone_id, home + url[len(origin(url)) :])
        except requests.RequestException as error:
            raise ControlError(502, "application", "商城没有应答，图片取不到") from error
        if content is None:
            raise ControlError(404, "no_picture", "图片已经不在了")
        return kept(content)

    @pages.get("/phones/pictures/<picture_id>")
    def picture(picture_id: str) -> Response:
        found = table.album.find(picture_id)
        if found is None:
            raise ControlError(404, "no_picture", "没有这张图片")
        response = Response(found.content, content_type=found.content_type)
        response.headers["Cache-Control"] = "private, max-age=86400, immutable"
        return response
