"""`python -m fenxiao.demo.web PORT SANDBOX_URL`: the application with the tour, by waitress."""

import os
import sys
from datetime import timedelta
from math import ceil

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from fenxiao.app import create_app
from fenxiao.demo.people import FINANCE, OWNER, PASSWORD
from fenxiao.demo.platform import Sandbox
from fenxiao.logs import configure
from fenxiao.memory import give_back_freed, loading
from fenxiao.serving import serve_until_told
from fenxiao.settings import load
from fenxiao.wiring import connect, open_sessions
from jobs.ticks import TICKS, run_task
from rules.push_timing import is_quiet, send_at
from web.collaborators import collaborators
from web.forms import Form
from workflows.clock import business_now, move_clock

MOST_DAYS = 60


def tour(sandbox: Sandbox) -> Blueprint:
    """Return the tour's pages: the three roles step by step, and the clock."""
    pages = Blueprint("demo", __name__, url_prefix="/demo")

    @pages.get("/")
    def show_tour() -> ResponseReturnValue:
        """What to try, in which order."""
        now = collaborators().now()
        return render_template(
            "demo/tour.html",
            phones_url=f"{sandbox.url}/sandbox/",
            owner=OWNER,
            finance=FINANCE,
            password=PASSWORD,
            config_file=os.environ.get("FENXIAO_CONFIG", "config.toml"),
            now=now,
            is_night=is_quiet(now),
        )

    @pages.post("/clock")
    def move_time() -> ResponseReturnValue:
        """Move the shop's and the platform's time forward together."""
        days = Form.sent().integer("days", "天数", minimum=1, maximum=MOST_DAYS)
        _advance(sandbox, timedelta(days=days))
        flash(f"时间已前进 {days} 天，到期的事情已经处理")
        return redirect("/demo/#clock")

    @pages.post("/morning")
    def wait_for_morning() -> ResponseReturnValue:
        """Move to the end of the quiet hours, when pushes that waited leave; by day, nowhere."""
        now = collaborators().now()
        _advance(sandbox, send_at(now) - now)
        flash("已经是白天，夜里留着的推送正在发出")
        return redirect("/demo/#clock")

    return pages


def _advance(sandbox: Sandbox, ahead: timedelta) -> None:
    """Move both clocks by whole seconds, upwards, and do at once what has become due."""
    ahead = timedelta(seconds=ceil(ahead.total_seconds()))
    parts = collaborators()
    move_clock(parts.sessions, ahead=ahead)
    sandbox.move_clock(int(ahead.total_seconds()))
    # The worker's ticks would do the same within a minute; nobody should have to wait for it.
    # This request's own moment was before the clocks moved.
    now = business_now(parts.sessions)
    for tick in TICKS:
        run_task(parts, tick, now)


def build(sandbox: Sandbox) -> Flask:
    """Build the configured application and add the tour."""
    configure()
    give_back_freed()
    with loading():
        settings = load()
        app = create_app(settings, connect(settings, open_sessions(settings)))
        app.register_blueprint(tour(sandbox))
    return app


if __name__ == "__main__":
    serve_until_told(
        build(Sandbox(url=sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), threads=8
    )
