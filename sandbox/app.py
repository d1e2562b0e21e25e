"""The Flask application: WeChat's paths, the control API, the phones."""

from flask import Flask

from sandbox.control import account as control_account
from sandbox.control import bills as control_bills
from sandbox.control import deliveries as control_deliveries
from sandbox.control import money, phones, testing
from sandbox.phones import install as install_phones
from sandbox.platform import account, gate, pages, pay, sns
from sandbox.world import World

BODY_BYTES = 16 * 1024 * 1024


def create_app(world: World) -> Flask:
    """Return the application that plays `world`."""
    app = Flask("sandbox")
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    # The order of fields is part of what a reader compares with the documents.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    gate.install(app, world)
    for blueprint in (
        account.blueprint(world),
        pages.blueprint(world),
        sns.blueprint(world),
        pay.blueprint(world),
        phones.blueprint(world),
        money.blueprint(world),
        control_account.blueprint(world),
        control_deliveries.blueprint(world),
        control_bills.blueprint(world),
        testing.blueprint(world),
    ):
        app.register_blueprint(blueprint)
    install_phones(app, world)
    return app
