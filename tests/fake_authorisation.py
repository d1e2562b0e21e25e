"""WeChat's web authorisation as a test wants it."""

from dataclasses import dataclass, field

from wechat.errors import CodeRejected, TooManyExchanges
from wechat.gateway import WebIdentity


@dataclass(slots=True)
class FakeAuthorisation:
    """Implements `wechat.gateway.WebAuthorisation`: `codes` are people waiting to be exchanged."""

    codes: dict[str, WebIdentity] = field(default_factory=dict)
    exchanged: list[str] = field(default_factory=list)
    is_full: bool = False

    def authorise_url(self, redirect_uri: str, state: str) -> str:
        """Return a page of WeChat's."""
        return f"https://open.weixin.qq.com/authorize?redirect_uri={redirect_uri}&state={state}"

    def exchange(self, code: str) -> WebIdentity:
        """Exchange a code once, unless `is_full`."""
        if self.is_full:
            raise TooManyExchanges
        self.exchanged.append(code)
        if code not in self.codes:
            raise CodeRejected("code been used", errcode="40163")
        return self.codes.pop(code)
