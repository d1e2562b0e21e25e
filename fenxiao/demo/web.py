"""`python -m fenxiao.demo.web PORT SANDBOX_URL`: the application with the tour, by waitress."""

import sys
from datetime import timedelta

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from fenxiao.app import create_app
from fenxiao.demo.people import FINANCE, OWNER, PASSWORD
from fenxiao.demo.platform import Sandbox
from fenxiao.logs import configure
from fenxiao.serving import serve_until_told
from fenxiao.settings import load
from fenxiao.wiring import connect, open_sessions
from jobs.ticks import TICKS, run_task
from web.collaborators import collaborators
from web.forms import Form
from workflows.clock import move_clock

MOST_DAYS = 60


def tour(sandbox: Sandbox) -> Blueprint:
    """Return the tour's pages: the three roles step by step, and the clock."""
    pages = Blueprint("demo", __name__, url_prefix="/demo")

    @pages.get("/")
    def show_tour() -> ResponseReturnValue:
        """What to try, in which order."""
        return render_template(
            "demo/tour.html",
            phones_url=f"{sandbox.url}/sandbox/",
            owner=OWNER,
            finance=FINANCE,
            password=PASSWORD,
            now=collaborators().now(),
        )

    @pages.post("/clock")
    def move_time() -> ResponseReturnValue:
        """Move the shop's and the platform's time forward together."""
        days = Form.sent().integer("days", "天数", minimum=1, maximum=MOST_DAYS)
        ahead = timedelta(days=days)
        move_clock(collaborators().sessions, ahead=ahead)
        sandbox.move_clock(int(ahead.total_seconds()))
        # The worker's ticks would do the same within a minute; nobody should have to wait for it.
        parts = collaborators()
        now = parts.now()
        for tick in TICKS:
            run_task(parts, tick, now)
        flash(f"时间已前进 {days} 天，到期的事情已经处理")
        return redirect("/demo/#clock")

    return pages


def build(sandbox: Sandbox) -> Flask:
    """Build the configured application and add the tour."""
    configure()
    settings = load()
    app = create_app(settings, connect(settings, open_sessions(settings)))
    app.register_blueprint(tour(sandbox))
    return app


if __name__ == "__main__":
    serve_until_told(
        build(Sandbox(url=sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), threads=8
    )
