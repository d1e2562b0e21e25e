"""The application for machines: short answers that say whether a repeat can help."""

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import URL

from models.database import SessionFactory, open_engine
from tests.web.conftest import site_facts
from web.machines import machine_app

HOST = "https://shop.example.cn"


def _machines(sessions: SessionFactory) -> Flask:
    app = machine_app(site_facts())

    @app.post("/pay/anything")
    def anything() -> str:
        with sessions.begin() as session:
            session.execute(text("SELECT 1"))
        return "taken in"

    @app.post("/pay/broken")
    def broken() -> str:
        with sessions.begin() as session:
            session.execute(text("SELECT * FROM nothing_like_it"))
        return "never"

    return app


def test_a_file_that_another_program_keeps_is_said_without_a_fault(sqlite_url: URL) -> None:
    hasty = SessionFactory(open_engine(sqlite_url, pool_size=2, wait_seconds=0.1))
    another = open_engine(sqlite_url, pool_size=1)
    machine = _machines(hasty).test_client()
    with another.begin() as connection:
        connection.execute(text("SELECT 1"))
        answer = machine.post("/pay/anything", base_url=HOST)
        assert (answer.status_code, answer.text) == (503, "Service Unavailable")
    assert machine.post("/pay/anything", base_url=HOST).text == "taken in"
    another.dispose()
    hasty.dispose()


def test_a_fault_is_no_reason_to_wait(sqlite_url: URL) -> None:
    sessions = SessionFactory(open_engine(sqlite_url, pool_size=1))
    answer = _machines(sessions).test_client().post("/pay/broken", base_url=HOST)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    sessions.dispose()
