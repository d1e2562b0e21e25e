"""Notifications of WeChat Pay: encrypted resources, signed afresh at every try."""

import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox import signatures
from sandbox.clock import iso_shanghai, real_now
from sandbox.deliveries import Channel, Deliveries, Delivery, NewDelivery, Verdict
from sandbox.ground import Ground
from sandbox.outgoing import STALE_SECONDS, Answer, Forge, Letter, post

MINUTE, HOUR = 60, 3600
# Pauses after each failed try; 24 hours and 4 minutes in all.
PAUSES = (
    15,
    15,
    30,
    3 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    *(30 * MINUTE,) * 3,
    60 * MINUTE,
    *(3 * HOUR,) * 3,
    *(6 * HOUR,) * 2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What happened: `number` is the merchant's own number of the thing."""

    channel: Channel
    number: str
    url: str
    event_type: str
    summary: str
    original_type: str
    resource: dict[str, Any]


class Notifications:
    """Sends notices until the application answers 200 or 204."""

    def __init__(self, ground: Ground, deliveries: Deliveries) -> None:
        self._ground = ground
        self._deliveries = deliveries

    def add(self, notice: Notice) -> int | None:
        """Queue a notice; None when the merchant gave no address for it."""
        if not notice.url:
            return None
        return self._deliveries.add(
            NewDelivery(
                channel=notice.channel,
                lane=f"{notice.channel}:{notice.number}",
                event=notice.event_type,
                phone_id=None,
                url=notice.url,
                payload=self._payload(notice),
            )
        )

    def _payload(self, notice: Notice) -> str:
        return json.dumps(
            {
                "id": str(uuid.uuid4()),
                "create_time": iso_shanghai(self._ground.clock.now()),
                "event_type": notice.event_type,
                "summary": notice.summary,
                "original_type": notice.original_type,
                "resource": notice.resource,
            },
            ensure_ascii=False,
        )

    def send(self, delivery: Delivery, forge: Forge) -> Answer:
        """POST one notice, encrypted and signed afresh, or forged."""
        letter = self._letter(delivery.url, json.loads(delivery.payload), forge)
        return post(letter, self._ground.knobs.notify_timeout_seconds)

    def inject(self, notice: Notice, forge: Forge) -> Answer:
        """Send a notice made by hand, once."""
        letter = self._letter(notice.url, json.loads(self._payload(notice)), forge)
        return post(letter, self._ground.knobs.notify_timeout_seconds)

    def _letter(self, url: str, payload: dict[str, Any], forge: Forge) -> Letter:
        merchant = self._ground.merchant
        plaintext = json.dumps(payload["resource"], ensure_ascii=False).encode()
        associated = payload["original_type"]
        key = merchant.api_v3_key
        sealed = signatures.seal_resource(key, plaintext, associated)
        if forge == Forge.CIPHERTEXT:
            first = "A" if sealed["ciphertext"][0] != "A" else "B"
            sealed["ciphertext"] = first + sealed["ciphertext"][1:]
        body = json.dumps(
            {
                "id": payload["id"],
                "create_time": payload["create_time"],
                "resource_type": "encrypt-resource",
                "event_type": payload["event_type"],
                "summary": payload["summary"],
                "resource": {"original_type": payload["original_type"], **sealed},
            },
            ensure_ascii=False,
        ).encode()
        headers = {"Content-Type": "application/json", **self._signed_headers(body, forge)}
        return Letter(url=url, query={}, headers=headers, body=body)

    def _signed_headers(self, body: bytes, forge: Forge) -> dict[str, str]:
        if forge == Forge.UNSIGNED:
            return {}
        moment = real_now() - (STALE_SECONDS if forge == Forge.STALE else 0)
        headers = sign_headers(self._ground, body, moment)
        if forge == Forge.SIGNATURE:
            other = signatures.lines(headers["Wechatpay-Timestamp"], "another", body)
            key = self._ground.merchant.platform_private_key
            headers["Wechatpay-Signature"] = signatures.sign(key, other)
        if forge == Forge.SERIAL:
            headers["Wechatpay-Serial"] = "PUB_KEY_ID_" + "9" * 32
        return headers

    def settle(self, delivery: Delivery, answer: Answer) -> Verdict:  # noqa: ARG002
        """Accept 200 and 204 only."""
        return Verdict.DELIVERED if answer.status in {200, 204} else Verdict.RETRY

    def pause_seconds(self, tries: int) -> float | None:
        """Follow WeChat Pay's schedule, scaled by a knob."""
        if tries > len(PAUSES):
            return None
        return PAUSES[tries - 1] * self._ground.knobs.notify_time_scale

    def give_up(self, delivery: Delivery) -> None:
        """Nothing more happens: the merchant has to ask."""


def sign_headers(ground: Ground, body: bytes, moment: float) -> dict[str, str]:
    """Return the Wechatpay-* headers over a body, for notices and for answers."""
    timestamp, nonce = str(int(moment)), secrets.token_hex(16)
    message = signatures.lines(timestamp, nonce, body)
    return {
        "Wechatpay-Serial": ground.merchant.platform_key_id,
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signatures.sign(ground.merchant.platform_private_key, message),
        "Wechatpay-Signature-Type": signatures.SCHEME,
    }
