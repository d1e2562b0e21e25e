"""What a request works with."""

from datetime import timedelta

from models.database import SessionFactory
from tests.storefront.application import make_app
from web.collaborators import collaborators
from workflows.clock import move_clock

DAY = timedelta(days=1)


def test_a_request_has_one_moment_and_the_next_its_own(sqlite_sessions: SessionFactory) -> None:
    app = make_app(sqlite_sessions)
    with app.test_request_context():
        first = collaborators().now()
        move_clock(sqlite_sessions, ahead=DAY)
        assert collaborators().now() == first
    with app.test_request_context():
        assert collaborators().now() >= first + DAY


def test_outside_a_request_time_goes_on(sqlite_sessions: SessionFactory) -> None:
    with make_app(sqlite_sessions).app_context():
        first = collaborators().now()
        move_clock(sqlite_sessions, ahead=DAY)
        assert collaborators().now() >= first + DAY
