"""A replaced data key: everything is sealed anew once, whoever else writes meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.engine import URL

from models.database import SessionFactory, open_database
from models.payout_accounts import PayoutAccount
from models.staff import StaffAudit
from models.tables import metadata
from rules.payout_accounts import PayoutDetails
from rules.staff import PermissionMissing, Role
from tests.factories.distributors import make_distributor
from tests.factories.payout_accounts import ACCOUNT_NUMBER, DETAILS, make_payout_account
from tests.factories.policies import start_programme
from workflows.audit import StaffActor
from workflows.payouts import reencrypt as module
from workflows.payouts.account import place_of
from workflows.payouts.reencrypt import SEALED, Reencrypted, Unreadable, reencrypt_payout_accounts

OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"
NAMES = ["林女士", "李雷", "韩梅梅"]
OPERATOR = StaffActor(staff_id=None, role=Role.OWNER, address="command line")


@contextmanager
def keyed(url: URL, *keys: str) -> Iterator[SessionFactory]:
    """The database as a program with these keys opens it."""
    sessions = open_database(url, data_keys=keys)
    try:
        yield sessions
    finally:
        sessions.dispose()


@pytest.fixture
def accounts(database_url: URL) -> list[int]:
    """Three rows that the old key sealed: five values, one of them without a bank."""
    with keyed(database_url, OLD) as sessions:
        start_programme(sessions)
        with sessions.begin() as session:
            return [
                make_payout_account(
                    session,
                    make_distributor(session),
                    PayoutDetails(real_name=name, bank=None if name == "李雷" else DETAILS.bank),
                )
                for name in NAMES
            ]


def names(sessions: SessionFactory) -> list[str]:
    """What the rows say, in clear."""
    with sessions.read() as session:
        rows = session.scalars(select(PayoutAccount).order_by(PayoutAccount.id)).all()
    for row in rows:
        if row.account_sealed is not None:
            place = place_of(row.distributor_id, row.reference, "account")
            assert sessions.cipher.open(row.account_sealed, place) == ACCOUNT_NUMBER
    return [
        sessions.cipher.open(row.name_sealed, place_of(row.distributor_id, row.reference, "name"))
        for row in rows
    ]


def reencrypt(sessions: SessionFactory, now: datetime) -> Reencrypted:
    return reencrypt_payout_accounts(sessions, actor=OPERATOR, now=now, batch=2)


def test_afterwards_the_new_key_alone_opens_everything(
    database_url: URL, accounts: list[int], now: datetime
) -> None:
    with keyed(database_url, NEW, OLD) as sessions:
        done = reencrypt(sessions, now)
        assert done == Reencrypted(changed=5, kept=0, late=0, unreadable=())
        assert reencrypt(sessions, now) == replace(done, changed=0, kept=5)
        with sessions.read() as session:
            audit = session.scalars(select(StaffAudit).order_by(StaffAudit.id)).all()
    assert [row.after for row in audit] == [{"rows": 3}, {"rows": 2}], "a row for each batch"
    with keyed(database_url, NEW) as sessions:
        assert names(sessions) == NAMES


def test_stopped_half_way_it_goes_on_where_it_was(
    database_url: URL, accounts: list[int], now: datetime
) -> None:
    with keyed(database_url, NEW, OLD) as sessions:
        commits = []

        @event.listens_for(sessions.engine, "commit")
        def stop(_connection: object) -> None:
            commits.append(1)
            if len(commits) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            reencrypt(sessions, now)
        event.remove(sessions.engine, "commit", stop)
        assert names(sessions) == NAMES
        assert reencrypt(sessions, now) == Reencrypted(changed=2, kept=3, late=0, unreadable=())


def test_what_somebody_else_replaced_meanwhile_is_left_alone(
    database_url: URL, accounts: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one runs between the look and the write of this one: nothing is sealed twice."""
    with keyed(database_url, NEW, OLD) as sessions, keyed(database_url, NEW, OLD) as others:
        first = sessions.retrying
        monkeypatch.setattr(
            sessions, "retrying", lambda step: (reencrypt(others, now), first(step))[1]
        )
        assert reencrypt(sessions, now) == Reencrypted(changed=0, kept=5, late=0, unreadable=())
        assert names(sessions) == NAMES


def test_a_program_that_still_seals_with_the_old_key_is_noticed(
    database_url: URL, accounts: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keyed(database_url, NEW, OLD) as sessions, keyed(database_url, OLD) as forgotten:

        def next_values(*asked: Any) -> list[Any]:
            found = original(*asked)
            if not found:
                with forgotten.begin() as session:
                    make_payout_account(session, make_distributor(session))
            return found

        original = module._next_values
        monkeypatch.setattr(module, "_next_values", next_values)
        done = reencrypt(sessions, now)
        assert done == Reencrypted(changed=5, kept=0, late=2, unreadable=())
        assert not done.is_complete
        monkeypatch.undo()
        assert reencrypt(sessions, now) == Reencrypted(changed=2, kept=5, late=0, unreadable=())


def test_what_no_key_opens_stays_and_is_named(
    database_url: URL, accounts: list[int], now: datetime
) -> None:
    with keyed(database_url, NEW) as sessions:
        lost = reencrypt(sessions, now)
        assert (lost.changed, lost.kept, lost.late) == (0, 0, 0)
        assert len(lost.unreadable) == 5
        assert all("isn't configured" in one.reason for one in lost.unreadable)
        assert not lost.is_complete
    with keyed(database_url, NEW, OLD) as sessions:
        with sessions.begin() as session:
            spoilt = update(PayoutAccount).where(PayoutAccount.id == accounts[1])
            session.execute(spoilt.values(name_sealed="李雷"))
        done = reencrypt(sessions, now)
        assert done.unreadable == (
            Unreadable(payout_account_id=accounts[1], field="name", reason="altered"),
        )
        assert (done.changed, done.kept, done.late) == (4, 0, 0)


def test_every_sealed_column_is_sealed_anew() -> None:
    kept = {column for table in metadata.tables.values() for column in table.columns}
    sealed = {str(column) for column in kept if column.name.endswith("_sealed")}
    sealed.remove("ledger_transactions.is_sealed")  # a fact, not a text
    assert sealed == {str(column.expression) for column in SEALED.values()}


def test_not_everybody_may(database_url: URL, now: datetime) -> None:
    viewer = StaffActor(staff_id=None, role=Role.VIEWER, address="")
    with keyed(database_url, NEW) as sessions, pytest.raises(PermissionMissing):
        reencrypt_payout_accounts(sessions, actor=viewer, now=now)
