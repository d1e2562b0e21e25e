"""wechatpy's client, made to call the configured host once, in time, and to answer plainly."""

from collections.abc import Callable, Mapping

from requests import RequestException, Session
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatException

from wechat.answers import Answer, UnexpectedAnswer
from wechat.codes import REJECTED_TOKEN_CODES, error_for
from wechat.credentials import WECHAT_API_URL, OfficialAccountCredentials
from wechat.errors import WeChatError, WeChatUnreachable
from wechat.gateway import TokenStore
from wechat.http import PlatformAdapter, Timeouts, unreachable
from wechat.tokens import FreshValue, SharedToken

Upload = tuple[str, bytes, str]
_REJECTED_TOKENS = frozenset(str(code) for code in REJECTED_TOKEN_CODES)


def open_session(base_url: str, timeouts: Timeouts) -> Session:
    """Return a session that reaches WeChat's API host, as configured, and no other."""
    session = Session()
    adapter = PlatformAdapter(WECHAT_API_URL, base_url, timeouts)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class AccountClient:
    """Calls the official account's API with the token that all processes share.

    A token that WeChat refuses (40001, 40014, 42001) is replaced once, and the call made once
    more; the library's own retry has no end and stays off.
    """

    def __init__(
        self, credentials: OfficialAccountCredentials, store: TokenStore, timeouts: Timeouts
    ) -> None:
        self._credentials = credentials
        self._library = WeChatClient(credentials.app_id, credentials.app_secret, auto_retry=False)
        self._library._http = open_session(  # noqa: SLF001 - no other way to bring a session
            credentials.api_base_url, timeouts
        )
        self._token = SharedToken(store, "access_token", self.fetch_token)

    def get(self, endpoint: str, query: Mapping[str, str]) -> Answer:
        """Ask; `endpoint` is the path below `/cgi-bin/`."""
        return self._with_token(
            lambda token: self._library.get(
                endpoint, params={**query, "access_token": token}, allow_redirects=False
            )
        )

    def post(self, endpoint: str, content: Mapping[str, object]) -> Answer:
        """Send a JSON object."""
        return self._with_token(
            lambda token: self._library.post(
                endpoint,
                params={"access_token": token},
                data=content,
                allow_redirects=False,
            )
        )

    def upload(self, endpoint: str, kind: str, file: Upload) -> Answer:
        """Send a file: its name, its bytes and its media type."""
        return self._with_token(
            lambda token: self._library.post(
                endpoint,
                params={"access_token": token, "type": kind},
                files={"media": file},
                allow_redirects=False,
            )
        )

    def fetch_token(self, forced: bool) -> FreshValue:
        """Get a stable token (稳定版接口调用凭据); `forced` makes WeChat give out a new one."""
        content = {
            "grant_type": "client_credential",
            "appid": self._credentials.app_id,
            "secret": self._credentials.app_secret,
            "force_refresh": forced,
        }
        # Without a mapping for the query the library adds no token of its own.
        answer = _answered(
            lambda: self._library.post(
                "stable_token", params=None, data=content, allow_redirects=False
            )
        )
        return read_fresh_value(answer, "access_token")

    def _with_token(self, send: Callable[[str], object]) -> Answer:
        token = self._token.current()
        try:
            return _answered(lambda: send(token))
        except WeChatError as error:
            if error.errcode not in _REJECTED_TOKENS:
                raise
            fresh = self._token.replace(token)
            if fresh is None:
                raise
        return _answered(lambda: send(fresh))


def read_fresh_value(answer: Answer, name: str) -> FreshValue:
    """Return the short-lived credential that an answer brings."""
    try:
        return FreshValue(value=answer.text(name), valid_seconds=answer.whole("expires_in"))
    except UnexpectedAnswer as error:
        raise WeChatUnreachable(f"an answer that can't be read: {error}") from error


def _answered(send: Callable[[], object]) -> Answer:
    """Make one call of the library; return its answer or raise what went wrong, typed."""
    try:
        result = send()
    except RequestException as error:
        raise unreachable(error) from None
    except WeChatException as error:
        # The library reports an HTTP status other than 2xx without an errcode.
        if error.errcode is None:
            raise WeChatUnreachable("answered with an HTTP error") from None
        raise error_for(error.errcode, error.errmsg or "") from None
    except (ValueError, TypeError) as error:
        raise WeChatUnreachable("an answer that can't be read: errcode") from error
    # What it can't decode the library hands over as it came.
    try:
        return Answer.check(result)
    except UnexpectedAnswer as error:
        raise WeChatUnreachable(f"an answer that can't be read: {error}") from error
