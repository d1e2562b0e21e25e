"""OAuth 2.0 in WeChat's browser (网页授权), behind wechatpy."""

import re
from threading import BoundedSemaphore
from urllib.parse import quote

from requests import RequestException, Session
from wechatpy.exceptions import WeChatException
from wechatpy.oauth import WeChatOAuth

from wechat.answers import Answer, UnexpectedAnswer
from wechat.client import open_session
from wechat.codes import error_for
from wechat.credentials import OfficialAccountCredentials
from wechat.errors import CodeRejected, TooManyExchanges, WeChatUnreachable
from wechat.gateway import WebIdentity
from wechat.http import Timeouts, unreachable

_STATE = re.compile(r"[a-zA-Z0-9]{1,128}")
_CODE = re.compile(r"[0-9A-Za-z_-]{1,256}")
_INVALID_CODE = "40029"
# A person waits for the page: give up sooner than elsewhere.
_TIMEOUTS = Timeouts(connect_seconds=2.0, read_seconds=3.0)
MOST_AT_ONCE = 4
"""A silent WeChat takes half of a process's threads, and the rest still sell."""
ROOM_SECONDS = 0.3
"""How long one waits for another's exchange to end, which usually takes less."""


class _Exchange(WeChatOAuth):
    """One exchange: the library keeps its result in the object, so each call has its own."""

    def __init__(self, credentials: OfficialAccountCredentials, session: Session) -> None:
        super().__init__(credentials.app_id, credentials.app_secret, redirect_uri="")
        self._http = session


class WeChatWebAuthorisation:
    """Finds out who opened a page; implements `wechat.gateway.WebAuthorisation`."""

    def __init__(
        self, credentials: OfficialAccountCredentials, timeouts: Timeouts | None = None
    ) -> None:
        self._credentials = credentials
        self._session = open_session(credentials.api_base_url, timeouts or _TIMEOUTS)
        self._room = BoundedSemaphore(MOST_AT_ONCE)

    def authorise_url(self, redirect_uri: str, state: str) -> str:
        """Return the page to send the browser to, for the silent scope (snsapi_base).

        `state` is [a-zA-Z0-9], at most 128 bytes, else `ValueError`. WeChat wants the arguments
        in this order.
        """
        if not _STATE.fullmatch(state):
            raise ValueError("a state is 1 to 128 letters and digits")
        return (
            f"{self._credentials.oauth_base_url}/connect/oauth2/authorize"
            f"?appid={quote(self._credentials.app_id, safe='')}"
            f"&redirect_uri={quote(redirect_uri, safe='')}"
            f"&response_type=code&scope=snsapi_base&state={state}#wechat_redirect"
        )

    def exchange(self, code: str) -> WebIdentity:
        """Exchange a one-time code for the person's openid.

        Raises:
            CodeRejected: unknown, used or too old; a code that can't be one never leaves.
            TooManyExchanges: WeChat is slow, and others wait for it already.
        """
        if not _CODE.fullmatch(code):
            raise CodeRejected("not a code", errcode=_INVALID_CODE)
        if not self._room.acquire(timeout=ROOM_SECONDS):
            raise TooManyExchanges
        try:
            return self._exchange(code)
        finally:
            self._room.release()

    def _exchange(self, code: str) -> WebIdentity:
        try:
            result = _Exchange(self._credentials, self._session).fetch_access_token(code)
        except RequestException as error:
            raise unreachable(error) from None
        except WeChatException as error:
            if error.errcode is None:
                raise WeChatUnreachable("answered with an HTTP error") from None
            raise error_for(error.errcode, error.errmsg or "") from None
        except (LookupError, TypeError, ValueError) as error:
            raise WeChatUnreachable(f"an answer that can't be read: {error!r}") from None
        try:
            answer = Answer.check(result)
            return WebIdentity(
                openid=answer.text("openid"),
                union_id=answer.optional_text("unionid"),
                is_virtual=answer.optional_whole("is_snapshotuser") == 1,
            )
        except UnexpectedAnswer as error:
            raise WeChatUnreachable(f"an answer that can't be read: {error}") from error
