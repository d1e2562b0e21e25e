"""Messages and events for the application, and its replies (被动回复)."""

import secrets
import time

from sandbox import envelope, markup
from sandbox.chat import Chat, Content
from sandbox.clock import real_now
from sandbox.deliveries import Channel, Deliveries, Delivery, NewDelivery, Verdict
from sandbox.errors import ApiError
from sandbox.followers import Followers, Phone
from sandbox.ground import Ground
from sandbox.outgoing import STALE_SECONDS, Answer, Forge, Letter, get, post
from sandbox.replies import Replies, ReplyError

# Nobody looks at the chat when these happen, so nobody is told of trouble.
SILENT = {"unsubscribe", "VIEW"}


class Callbacks:
    """Builds, encrypts and sends callbacks in safe mode, and shows the answers."""

    def __init__(
        self,
        ground: Ground,
        deliveries: Deliveries,
        followers: Followers,
        chat: Chat,
        replies: Replies,
    ) -> None:
        self._ground = ground
        self._deliveries = deliveries
        self._followers = followers
        self._chat = chat
        self._replies = replies

    @property
    def url(self) -> str:
        """The application's address, as configured or as changed since."""
        return self._ground.store.fact("callback_url") or self._ground.account.callback_url

    def message(self, phone: Phone, values: dict[str, str | int]) -> int:
        """Queue a message or event of a person; `values` come after the usual three."""
        return self._deliveries.add(
            NewDelivery(
                channel=Channel.CALLBACK,
                lane=phone.openid,
                event=str(values.get("Event") or values["MsgType"]),
                phone_id=phone.phone_id,
                url=self.url,
                payload=self.write(phone, values),
            )
        )

    def write(self, phone: Phone, values: dict[str, str | int]) -> str:
        """Write the plain XML of a message or event."""
        return markup.write(
            {
                "ToUserName": self._ground.account.original_id,
                "FromUserName": phone.openid,
                "CreateTime": int(self._ground.clock.now()),
                **values,
            }
        )

    def verify_url(self) -> tuple[bool, Answer]:
        """Ask the application to prove that it knows the token (URL verification)."""
        timestamp, nonce = str(int(real_now())), str(secrets.randbelow(10**9))
        echo = str(secrets.randbelow(10**18))
        query = {
            "signature": envelope.sign(self._ground.account.token, timestamp, nonce),
            "echostr": echo,
            "timestamp": timestamp,
            "nonce": nonce,
        }
        answer = get(self.url, query, self._ground.knobs.callback_timeout_seconds)
        return answer.status == 200 and answer.body == echo.encode(), answer

    def send(self, delivery: Delivery, forge: Forge) -> Answer:
        """POST one callback, encrypted and signed afresh, or forged."""
        phone = self._followers.get(delivery.phone_id or "")
        letter = self._letter(delivery.url, phone.openid, delivery.payload, forge)
        return post(letter, self._ground.knobs.callback_timeout_seconds)

    def _letter(self, url: str, openid: str, message: str, forge: Forge) -> Letter:
        account = self._ground.account
        sent = int(real_now()) - (STALE_SECONDS if forge == Forge.STALE else 0)
        timestamp, nonce = str(sent), str(secrets.randbelow(10**9))
        query = {
            "signature": envelope.sign(account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": openid,
        }
        headers = {"Content-Type": "text/xml"}
        if forge == Forge.PLAINTEXT:
            return Letter(url=url, query=query, headers=headers, body=message.encode())
        owner = "wx0000000000000000" if forge == Forge.APP_ID else account.app_id
        sealed = envelope.seal(message, account.aes_key, owner)
        signature = envelope.sign(account.token, timestamp, nonce, sealed)
        if forge == Forge.SIGNATURE:
            signature = envelope.sign("wrong", timestamp, nonce, sealed)
        if forge == Forge.CIPHERTEXT:
            sealed = ("A" if sealed[0] != "A" else "B") + sealed[1:]
        query["encrypt_type"] = "aes"
        if forge != Forge.UNSIGNED:
            query["msg_signature"] = signature
        body = markup.write({"ToUserName": account.original_id, "Encrypt": sealed})
        return Letter(url=url, query=query, headers=headers, body=body.encode())

    def settle(self, delivery: Delivery, answer: Answer) -> Verdict:
        """Show a reply; `success` and an empty body mean that there is none."""
        if answer.status != 200:
            return Verdict.RETRY
        if answer.body.strip() in {b"", b"success"}:
            return Verdict.DELIVERED
        phone = self._followers.get(delivery.phone_id or "")
        try:
            content = self._read(delivery, phone, answer.body)
        except ReplyError:
            self._trouble(delivery, phone)
        else:
            self._show(phone, content, delivery.delivery_id)
        return Verdict.DELIVERED

    def _read(self, delivery: Delivery, phone: Phone, body: bytes) -> Content | None:
        is_message = delivery.event in {"text", "image", "voice", "video", "location", "link"}
        try:
            return self._replies.read(self.open_reply(body), phone.openid, is_message=is_message)
        except ApiError as error:
            raise ReplyError(str(error)) from error

    def open_reply(self, body: bytes) -> str:
        """Decrypt an answer's body. Raises: ReplyError."""
        account = self._ground.account
        try:
            root = markup.parse(body.decode())
            sealed = root.value("Encrypt")
            is_signed = envelope.is_signed(
                root.value("MsgSignature"),
                account.token,
                root.value("TimeStamp"),
                root.value("Nonce"),
                sealed,
            )
            if not is_signed:
                raise ReplyError("the reply's signature is wrong or missing")
            return envelope.unseal(sealed, account.aes_key, account.app_id)
        except (UnicodeDecodeError, markup.MarkupError, envelope.EnvelopeError) as error:
            raise ReplyError(str(error)) from error

    def _show(self, phone: Phone, content: Content | None, delivery_id: int) -> None:
        if content is not None and self._followers.get(phone.phone_id).is_following:
            self._chat.from_account(phone.phone_id, "passive", content, delivery_id)

    def pause_seconds(self, tries: int) -> float | None:
        """Try again at once, three times in all."""
        return 0.0 if tries < self._ground.knobs.callback_tries else None

    def give_up(self, delivery: Delivery) -> None:
        """Tell the person that the account is out of order."""
        self._trouble(delivery, self._followers.get(delivery.phone_id or ""))

    def _trouble(self, delivery: Delivery, phone: Phone) -> None:
        if delivery.event not in SILENT:
            self._chat.trouble(phone.phone_id, delivery.delivery_id)

    def inject(self, phone: Phone, message: str, forge: Forge) -> Answer:
        """Send a callback made by hand, once; its reply is not shown."""
        letter = self._letter(self.url, phone.openid, message, forge)
        return post(letter, self._ground.knobs.callback_timeout_seconds)


def message_id() -> int:
    """Return a MsgId: 64 bits, increasing."""
    return time.time_ns() // 100
