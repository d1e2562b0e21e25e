"""A one-time password: shown once, and good for nothing but choosing one's own."""

import re

from sqlalchemy import select

from models.database import SessionFactory
from models.staff import StaffAudit, StaffMember
from rules.staff import Role
from tests.console.conftest import Enter, World
from tests.console.test_login import log_in

OWN = "梧桐树下等一班公交车"


def test_a_forgotten_password_is_replaced_and_must_be_changed_first(
    sessions: SessionFactory, enter: Enter, world: World
) -> None:
    viewer_id = world.staff[Role.VIEWER]
    viewer = enter(Role.VIEWER)
    shown = enter(Role.OWNER).send(f"/console/staff/{viewer_id}/password")
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "private, no-store"
    found = re.search(r"<code>([a-z0-9]{4}(?:-[a-z0-9]{4}){2})</code>", shown.text)
    assert found is not None
    with sessions.read() as session:
        login = session.get_one(StaffMember, viewer_id).login
        audit = session.scalars(select(StaffAudit).order_by(StaffAudit.id.desc()).limit(1)).one()
    assert (audit.action, audit.subject_id) == ("reset_password", str(viewer_id))
    assert found[1] not in repr((audit.before, audit.after))
    assert viewer.get("/console/").status_code == 303, "her logins have ended"

    log_in(viewer, login=login, password=found[1])
    for path in ("/console/", "/console/orders", "/console/orders/1"):
        assert viewer.get(path).headers["Location"] == "/console/account"
    assert viewer.send("/console/account/logout-everywhere").status_code == 303
    log_in(viewer, login=login, password=found[1])
    assert "一次性密码" in viewer.get("/console/account").text
    same = {"current": found[1], "new": found[1], "again": found[1]}
    assert viewer.send("/console/account/password", **same).status_code == 422
    viewer.send("/console/account/password", **(same | {"new": OWN, "again": OWN}))
    log_in(viewer, login=login, password=OWN)
    assert viewer.get("/console/orders").status_code == 200
    assert "一次性密码" not in viewer.get("/console/account").text
