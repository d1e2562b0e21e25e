"""How we call out: always to the configured host, always with a time limit."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as ConnectionFailure
from requests.exceptions import ConnectTimeout, InvalidURL
from urllib3.exceptions import MaxRetryError, NewConnectionError

from wechat.errors import Outcome, WeChatUnreachable

_CONNECTIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Time limits of one call: to connect, and between two pieces of the answer."""

    connect_seconds: float = 3.0
    read_seconds: float = 8.0

    @property
    def pair(self) -> tuple[float, float]:
        """The two as `requests` wants them."""
        return (self.connect_seconds, self.read_seconds)


class PlatformAdapter(HTTPAdapter):
    """Sends what a library addresses to WeChat's host to the configured host instead.

    The libraries write some addresses out in full and forget time limits in places; an adapter
    is the one point that every request passes. Another host than WeChat's is refused.
    """

    def __init__(self, official_url: str, base_url: str, timeouts: Timeouts) -> None:
        super().__init__(pool_maxsize=_CONNECTIONS)
        self._official_url = official_url
        self._base_url = base_url
        self._timeouts = timeouts

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request, with our own limits whatever the caller set."""
        address = request.url or ""
        if not address.startswith(self._official_url + "/"):
            raise InvalidURL("not an address of WeChat's", request=request)
        request.url = self._base_url + address.removeprefix(self._official_url)
        return super().send(
            request,
            stream=stream,
            timeout=self._timeouts.pair,
            verify=verify,
            cert=cert,
            proxies=proxies_for(self._base_url) or proxies,
        )


def proxies_for(base_url: str) -> dict[str, str] | None:
    """Return the proxies to use: none at all for this machine, the environment's otherwise.

    A proxy set for the whole machine would swallow calls to a platform that runs on it.
    """
    host = urlsplit(base_url).hostname or ""
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    return {"http": "", "https": "", "all": ""} if is_local else None


def unreachable(error: RequestException) -> WeChatUnreachable:
    """Return the error for a call that got no answer.

    Raise it `from None`: the libraries' sentences contain whole addresses, with tokens in them.
    """
    name = type(error).__name__
    if _was_never_sent(error):
        return WeChatUnreachable(f"no connection ({name})", outcome=Outcome.REFUSED)
    return WeChatUnreachable(f"no answer ({name})")


def _was_never_sent(error: RequestException) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    if not isinstance(error, ConnectionFailure):
        return False
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
