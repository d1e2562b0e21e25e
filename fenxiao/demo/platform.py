"""The demo's own calls to the sandbox's control API: followers, clock, payments of the past."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, sleep

import requests

from wechat.gateway import BridgeParameters

TIMEOUT_SECONDS = 10


class SandboxSilent(Exception):  # noqa: N818 - a state of the other program
    """The sandbox did not answer, or refused what the demo needs."""


def open_session() -> requests.Session:
    """Open connections that are kept: hundreds of small calls go to the same place."""
    http = requests.Session()
    http.trust_env = False
    return http


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running sandbox, by its address."""

    url: str
    http: requests.Session = field(default_factory=open_session, repr=False)

    def wait(self, seconds: float) -> None:
        """Wait until it answers.

        Raises: SandboxSilent.
        """
        end = monotonic() + seconds
        while True:
            try:
                self.http.get(f"{self.url}/sandbox/api/clock", timeout=1).raise_for_status()
            except requests.RequestException as error:
                if monotonic() > end:
                    raise SandboxSilent(f"{self.url} does not answer") from error
                sleep(0.1)
            else:
                return

    def add_follower(self, phone_id: str, nickname: str) -> str:
        """Make a person who follows the account; return her openid."""
        made = self._post(
            "/phones", {"phone_id": phone_id, "nickname": nickname, "is_following": True}
        )
        return str(made["openid"])

    def move_clock(self, seconds: int) -> None:
        """Move the platform's time forward."""
        self._post("/clock", {"forward_seconds": seconds})

    def set_clock(self, now: datetime) -> None:
        """Set the platform's time."""
        self._post("/clock", {"now": now.isoformat()})

    def set_offset(self, seconds: int) -> None:
        """Set how far the platform's time is ahead of real time."""
        self._post("/clock", {"offset_seconds": seconds})

    def pay(self, phone_id: str, bridge: BridgeParameters) -> None:
        """Pay as the person would in the payment sheet."""
        self._post(
            f"/phones/{phone_id}/payments/pay",
            {
                "appId": bridge.app_id,
                "timeStamp": bridge.timestamp,
                "nonceStr": bridge.nonce,
                "package": bridge.package,
                "signType": bridge.sign_type,
                "paySign": bridge.pay_sign,
            },
        )

    def settle_refund(self, number: str) -> None:
        """Let a refund arrive now: real time passes too quickly while weeks are made up."""
        self._post(f"/refunds/{number}/settle", {"status": "SUCCESS"})

    def _post(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        try:
            answer = self.http.post(
                f"{self.url}/sandbox/api{path}", json=body, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise SandboxSilent(f"{path}: no answer") from error
        if not answer.ok:
            raise SandboxSilent(f"{path}: {answer.status_code} {answer.text[:200]}")
        read: Mapping[str, object] = answer.json()
        return read
