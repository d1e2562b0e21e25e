from typing import Any

from requests import Session

class WeChatOAuth:
    _http: Session
    def __init__(
        self, app_id: str, secret: str, redirect_uri: str, scope: str = ..., state: str = ...
    ) -> None: ...
    def fetch_access_token(self, code: str) -> dict[str, Any]: ...
