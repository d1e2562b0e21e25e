"""Phones for a person to play with: chats, the in-app browser, the scanner and the wallet.

Everything a phone does reaches the application the way WeChat would reach it: through the
platform's callbacks, or by HTTP through the phone's own browser.
"""

from flask import Flask, redirect, url_for

from sandbox.phones.album import Album
from sandbox.phones.browsers import PhoneBrowsers
from sandbox.phones.chats import Chats
from sandbox.phones.news import News
from sandbox.phones.rewriting import origin
from sandbox.phones.views import Table, blueprint
from sandbox.world import World


def install(app: Flask, world: World) -> PhoneBrowsers:
    """Add the page with the phones, and put their browsers in front of the application."""

    def openid_of(phone_id: str) -> str | None:
        phone = world.followers.find(phone_id)
        return None if phone is None else phone.openid

    store = world.ground.store
    chats = Chats(store, world.ground.clock)
    browsers = PhoneBrowsers(
        app.wsgi_app,
        application_url=lambda: origin(world.callbacks.url),
        openid_of=openid_of,
    )
    table = Table(
        world=world, chats=chats, album=Album(store), news=News(world, chats), browsers=browsers
    )
    app.register_blueprint(blueprint(table))
    # WeChat has nothing at `/`; a person who opens the port means the phones.
    app.add_url_rule("/", "home", lambda: redirect(url_for("phones.page")))
    app.wsgi_app = browsers  # type: ignore[method-assign]
    return browsers
