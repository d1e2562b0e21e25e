from collections.abc import Mapping
from typing import Any

from requests import Session

class WeChatClient:
    API_BASE_URL: str
    appid: str
    secret: str
    _http: Session
    def __init__(
        self,
        appid: str,
        secret: str,
        access_token: str | None = None,
        session: object | None = None,
        timeout: float | None = None,
        auto_retry: bool = True,
    ) -> None: ...
    def get(self, url: str, *, params: Mapping[str, str], allow_redirects: bool = ...) -> Any: ...
    def post(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None,
        data: Mapping[str, object] | None = ...,
        files: Mapping[str, tuple[str, bytes, str]] | None = ...,
        allow_redirects: bool = ...,
    ) -> Any: ...
