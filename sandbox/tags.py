"""Followers' tags (标签)."""

from dataclasses import dataclass

from sandbox.errors import ApiError
from sandbox.followers import Followers
from sandbox.ground import Ground

FIRST_ID = 100
PER_FOLLOWER = 20
BATCH = 50
NAME_CHARACTERS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag and how many followers carry it."""

    tag_id: int
    name: str
    count: int


class Tags:
    """The account's tags; ids 0 to 2 are the system's own."""

    def __init__(self, ground: Ground, followers: Followers) -> None:
        self._ground = ground
        self._followers = followers

    def create(self, name: object) -> Tag:
        """Make a tag. Raises: ApiError 45056, 45157, 45158."""
        name = self._checked_name(name)
        with self._ground.store.transaction():
            if len(self.all()) >= self._ground.knobs.tag_limit:
                raise ApiError(45056)
            newest = self._ground.store.number("SELECT max(tag_id) FROM tags")
            tag_id = max(newest + 1, FIRST_ID)
            self._ground.store.run("INSERT INTO tags (tag_id, name) VALUES (?, ?)", tag_id, name)
        return Tag(tag_id=tag_id, name=name, count=0)

    def rename(self, tag_id: object, name: object) -> None:
        """Give a tag another name. Raises: ApiError 45058, 45159, 45157, 45158."""
        found = self._checked_id(tag_id)
        checked = self._checked_name(name)
        self._ground.store.run("UPDATE tags SET name = ? WHERE tag_id = ?", checked, found)

    def delete(self, tag_id: object) -> None:
        """Remove a tag from everybody. Raises: ApiError 45058, 45159, 45057."""
        found = self._checked_id(tag_id)
        members = "SELECT count(*) FROM tag_members WHERE tag_id = ?"
        if self._ground.store.number(members, found) > 100_000:
            raise ApiError(45057)
        self._ground.store.run("DELETE FROM tag_members WHERE tag_id = ?", found)
        self._ground.store.run("DELETE FROM tags WHERE tag_id = ?", found)

    def all(self) -> list[Tag]:
        """Return all tags with their counts."""
        rows = self._ground.store.rows(
            "SELECT t.tag_id, t.name, count(m.openid) AS count FROM tags t "
            "LEFT JOIN tag_members m USING (tag_id) GROUP BY t.tag_id ORDER BY t.tag_id"
        )
        return [Tag(**dict(row)) for row in rows]

    def give(self, tag_id: object, openids: object) -> None:
        """Tag up to 50 followers. Raises: ApiError 45159, 40032, 40003, 45059."""
        found = self._checked_id(tag_id)
        with self._ground.store.transaction():
            for openid in self._checked_openids(openids):
                if len(self.of(openid)) >= PER_FOLLOWER and found not in self.of(openid):
                    raise ApiError(45059)
                self._ground.store.run(
                    "INSERT OR IGNORE INTO tag_members (tag_id, openid) VALUES (?, ?)",
                    found,
                    openid,
                )

    def take(self, tag_id: object, openids: object) -> None:
        """Untag up to 50 followers. Raises: ApiError 45159, 40032, 40003."""
        found = self._checked_id(tag_id)
        for openid in self._checked_openids(openids):
            self._ground.store.run(
                "DELETE FROM tag_members WHERE tag_id = ? AND openid = ?", found, openid
            )

    def of(self, openid: str) -> list[int]:
        """Return the tags of one follower."""
        rows = self._ground.store.rows(
            "SELECT tag_id FROM tag_members WHERE openid = ? ORDER BY tag_id", openid
        )
        return [row["tag_id"] for row in rows]

    def members(self, tag_id: object, after: str) -> list[str]:
        """Return up to 10,000 followers with a tag, after an openid. Raises: ApiError 45159."""
        rows = self._ground.store.rows(
            "SELECT openid FROM tag_members WHERE tag_id = ? AND openid > ? "
            "ORDER BY openid LIMIT 10000",
            self._checked_id(tag_id),
            after,
        )
        return [row["openid"] for row in rows]

    def _checked_name(self, name: object) -> str:
        if not isinstance(name, str) or not name:
            raise ApiError(45157)
        if len(name) > NAME_CHARACTERS:
            raise ApiError(45158)
        if self._ground.store.row("SELECT 1 FROM tags WHERE name = ?", name) is not None:
            raise ApiError(45157)
        return name

    def _checked_id(self, tag_id: object) -> int:
        if tag_id in {0, 1, 2}:
            raise ApiError(45058)
        if type(tag_id) is not int:
            raise ApiError(45159)
        if self._ground.store.row("SELECT 1 FROM tags WHERE tag_id = ?", tag_id) is None:
            raise ApiError(45159)
        return tag_id

    def _checked_openids(self, openids: object) -> list[str]:
        if not isinstance(openids, list) or not 1 <= len(openids) <= BATCH:
            raise ApiError(40032)
        for openid in openids:
            phone = self._followers.by_openid(str(openid))
            if phone is None or not phone.is_following:
                raise ApiError(40003)
        return [str(openid) for openid in openids]
