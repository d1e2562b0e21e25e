"""Phones, and whether their owners follow the account (粉丝)."""

import re
import secrets
from dataclasses import dataclass

from sandbox.errors import ControlError
from sandbox.ground import Ground
from sandbox.store import Row

_PHONE_ID = re.compile(r"[a-z0-9-]{1,32}")
_OPENID = re.compile(r"[0-9A-Za-z_-]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A person with a phone. `followed_at` is None for who doesn't follow."""

    phone_id: str
    openid: str
    union_id: str | None
    nickname: str
    real_name: str
    is_following: bool
    is_snapshot: bool
    followed_at: float | None
    scene: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhone:
    """A phone to make; without `openid` it gets a random one."""

    phone_id: str | None
    openid: str | None
    nickname: str
    real_name: str
    is_following: bool
    is_snapshot: bool


class Followers:
    """All phones, by id or by openid."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def add(self, new: NewPhone) -> tuple[Phone, bool]:
        """Make a phone; return it and True, or the one that has this id already and False."""
        store = self._ground.store
        with store.transaction():
            phone_id = new.phone_id or self._free_id()
            if not _PHONE_ID.fullmatch(phone_id):
                raise ControlError(400, "phone_id", "phone_id must match [a-z0-9-]{1,32}")
            existing = self.find(phone_id)
            if existing is not None:
                return existing, False
            openid = new.openid or "o" + secrets.token_urlsafe(21)[:27]
            if not _OPENID.fullmatch(openid):
                raise ControlError(400, "openid", "openid must match [0-9A-Za-z_-]{6,64}")
            if self.by_openid(openid) is not None:
                raise ControlError(409, "openid", "another phone has this openid")
            store.run(
                "INSERT INTO phones (phone_id, openid, nickname, real_name, is_following, "
                "is_snapshot, followed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                phone_id,
                openid,
                new.nickname,
                new.real_name,
                new.is_following,
                new.is_snapshot,
                self._ground.clock.now() if new.is_following else None,
            )
            return self.get(phone_id), True

    def _free_id(self) -> str:
        number = self._ground.store.number("SELECT count(*) FROM phones") + 1
        while self.find(f"phone-{number}") is not None:
            number += 1
        return f"phone-{number}"

    def all(self) -> list[Phone]:
        """Return all phones in the order they were made."""
        return [
            _phone(row) for row in self._ground.store.rows("SELECT * FROM phones ORDER BY rowid")
        ]

    def find(self, phone_id: str) -> Phone | None:
        """Return a phone, or None."""
        row = self._ground.store.row("SELECT * FROM phones WHERE phone_id = ?", phone_id)
        return None if row is None else _phone(row)

    def get(self, phone_id: str) -> Phone:
        """Return a phone. Raises: ControlError 404."""
        phone = self.find(phone_id)
        if phone is None:
            raise ControlError(404, "no_phone", f"no phone {phone_id}")
        return phone

    def by_openid(self, openid: str) -> Phone | None:
        """Return the phone with this openid, or None."""
        row = self._ground.store.row("SELECT * FROM phones WHERE openid = ?", openid)
        return None if row is None else _phone(row)

    def change(self, phone: Phone) -> Phone:
        """Keep a changed nickname, real name, remark or snapshot mark."""
        self._ground.store.run(
            "UPDATE phones SET nickname = ?, real_name = ?, is_snapshot = ?, remark = ? "
            "WHERE phone_id = ?",
            phone.nickname,
            phone.real_name,
            phone.is_snapshot,
            phone.remark,
            phone.phone_id,
        )
        return self.get(phone.phone_id)

    def follow(self, phone_id: str, scene: str) -> bool:
        """Start following; False when the person followed before."""
        changed = self._ground.store.run(
            "UPDATE phones SET is_following = 1, followed_at = ?, scene = ? "
            "WHERE phone_id = ? AND is_following = 0",
            self._ground.clock.now(),
            scene,
            phone_id,
        )
        return changed.rowcount == 1

    def unfollow(self, phone_id: str) -> bool:
        """Stop following; False when the person didn't follow."""
        with self._ground.store.transaction():
            changed = self._ground.store.run(
                "UPDATE phones SET is_following = 0, followed_at = NULL "
                "WHERE phone_id = ? AND is_following = 1",
                phone_id,
            )
            openid = self.get(phone_id).openid
            self._ground.store.run("DELETE FROM windows WHERE openid = ?", openid)
            self._ground.store.run("DELETE FROM tag_members WHERE openid = ?", openid)
        return changed.rowcount == 1

    def openids(self, after: str, limit: int) -> tuple[list[str], int]:
        """Return followers' openids after one of them, and how many follow in all."""
        start = self._ground.store.number("SELECT rowid FROM phones WHERE openid = ?", after)
        rows = self._ground.store.rows(
            "SELECT openid FROM phones WHERE is_following = 1 AND rowid > ? ORDER BY rowid LIMIT ?",
            start,
            limit,
        )
        total = self._ground.store.number("SELECT count(*) FROM phones WHERE is_following = 1")
        return [row["openid"] for row in rows], total


def _phone(row: Row) -> Phone:
    return Phone(
        **{
            **dict(row),
            "is_following": bool(row["is_following"]),
            "is_snapshot": bool(row["is_snapshot"]),
        }
    )
