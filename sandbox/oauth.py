"""Web authorisation (网页授权): codes that work once, and what they are exchanged for."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.clock import real_now
from sandbox.errors import ApiError
from sandbox.followers import Followers, Phone
from sandbox.ground import Ground

_STATE = re.compile(r"[a-zA-Z0-9]{0,128}")
SCOPES = {"snsapi_base", "snsapi_userinfo"}
REFRESH_SECONDS = 30 * 86400


class PageError(Exception):
    """An error page of WeChat's browser: its number and sentence."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code} {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRequest:
    """The query of /connect/oauth2/authorize."""

    app_id: str
    redirect_uri: str
    response_type: str
    scope: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code or a refresh token gives."""

    openid: str
    phone_id: str
    scope: str
    is_snapshot: bool
    access_token: str
    refresh_token: str
    expires_in: int


class OAuth:
    """Codes and tokens of web authorisation; real time."""

    def __init__(self, ground: Ground, followers: Followers) -> None:
        self._ground = ground
        self._followers = followers

    def check(self, request: AuthorisationRequest) -> None:
        """Raises: PageError as WeChat shows it."""
        if request.app_id != self._ground.account.app_id:
            raise PageError(10012, "appid 参数错误")
        if request.response_type != "code":
            raise PageError(10005, "response_type 参数错误")
        if request.scope not in SCOPES:
            raise PageError(10005, "Scope 参数错误或没有 Scope 权限")
        if not _STATE.fullmatch(request.state):
            raise PageError(10013, "state 参数不能为空或格式错误")
        parts = urlsplit(request.redirect_uri)
        domains = self._ground.account.oauth_domains
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise PageError(10003, "redirect_uri 参数错误")
        if domains and parts.netloc not in domains and parts.hostname not in domains:
            raise PageError(10003, "redirect_uri 域名与后台配置不一致")

    def needs_consent(self, request: AuthorisationRequest, phone: Phone) -> bool:
        """Decide whether the person must press 同意 first."""
        return request.scope == "snsapi_userinfo" and not phone.is_following

    def redirect(self, request: AuthorisationRequest, phone: Phone) -> str:
        """Return where the browser goes, with a fresh code and the state."""
        code = "0" + secrets.token_urlsafe(24)[:31]
        openid = _virtual_openid(phone) if phone.is_snapshot else phone.openid
        self._ground.store.run(
            "INSERT INTO oauth_codes (code, openid, phone_id, scope, is_snapshot, expires_real) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            code,
            openid,
            phone.phone_id,
            request.scope,
            phone.is_snapshot,
            real_now() + self._ground.knobs.oauth_code_seconds,
        )
        parts = urlsplit(request.redirect_uri)
        query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code)]
        query.append(("state", request.state))
        return urlunsplit(parts._replace(query=urlencode(query)))

    def exchange(self, code: str) -> Grant:
        """Use a code once. Raises: ApiError 41008, 40029, 40163, 42003."""
        if not code:
            raise ApiError(41008)
        with self._ground.store.transaction():
            row = self._ground.store.row("SELECT * FROM oauth_codes WHERE code = ?", code)
            if row is None:
                raise ApiError(40029)
            if row["is_used"]:
                raise ApiError(40163)
            if row["expires_real"] <= real_now():
                raise ApiError(42003)
            self._ground.store.run("UPDATE oauth_codes SET is_used = 1 WHERE code = ?", code)
            return self._grant(
                row["openid"], row["phone_id"], row["scope"], is_snapshot=bool(row["is_snapshot"])
            )

    def refresh(self, token: str) -> Grant:
        """Return a new access token. Raises: ApiError 40030."""
        row = self._ground.store.row(
            "SELECT * FROM oauth_tokens WHERE token = ? AND kind = 'refresh' AND expires_real > ?",
            token,
            real_now(),
        )
        if row is None:
            raise ApiError(40030)
        return self._grant(
            row["openid"], row["phone_id"], row["scope"], is_snapshot=bool(row["is_snapshot"])
        )

    def person(self, token: str, openid: str, *, needs_scope: bool) -> Phone:
        """Return who a web access token stands for. Raises: ApiError 40001, 40003, 48001."""
        row = self._ground.store.row(
            "SELECT * FROM oauth_tokens WHERE token = ? AND kind = 'access'", token
        )
        if row is None:
            raise ApiError(40001)
        if row["expires_real"] <= real_now():
            raise ApiError(42001)
        if row["openid"] != openid:
            raise ApiError(40003)
        if needs_scope and row["scope"] != "snsapi_userinfo":
            raise ApiError(48001)
        return self._followers.get(row["phone_id"])

    def _grant(self, openid: str, phone_id: str, scope: str, *, is_snapshot: bool) -> Grant:
        tokens = {}
        for kind, seconds in (
            ("access", self._ground.knobs.token_seconds),
            ("refresh", REFRESH_SECONDS),
        ):
            tokens[kind] = secrets.token_urlsafe(80)
            self._ground.store.run(
                "INSERT INTO oauth_tokens (token, kind, openid, phone_id, scope, is_snapshot, "
                "expires_real) VALUES (?, ?, ?, ?, ?, ?, ?)",
                tokens[kind],
                kind,
                openid,
                phone_id,
                scope,
                is_snapshot,
                real_now() + seconds,
            )
        return Grant(
            openid=openid,
            phone_id=phone_id,
            scope=scope,
            is_snapshot=is_snapshot,
            access_token=tokens["access"],
            refresh_token=tokens["refresh"],
            expires_in=self._ground.knobs.token_seconds,
        )


def _virtual_openid(phone: Phone) -> str:
    digest = hashlib.sha256(phone.openid.encode()).hexdigest()
    return "oVirtual" + digest[:20]
