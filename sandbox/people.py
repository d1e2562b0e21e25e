"""What a person does with the account: follow, write, scan, press a button."""

from dataclasses import dataclass

from sandbox.callbacks import Callbacks, message_id
from sandbox.chat import Chat, Content
from sandbox.errors import ApiError, ControlError
from sandbox.followers import Followers, Phone
from sandbox.ground import Ground
from sandbox.media import MediaShelf
from sandbox.menus import Button, Menus
from sandbox.qrcodes import QrCode, QrCodes
from sandbox.windows import Act, Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan led to; see `docs/sandbox.md` for the outcomes."""

    content: str | None
    outcome: str
    ticket: str | None = None
    url: str | None = None
    text: str | None = None
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that a person sent."""

    message_id: int
    delivery_id: int
    media_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The parts of the account that people touch."""

    followers: Followers
    callbacks: Callbacks
    chat: Chat
    windows: Windows
    media: MediaShelf
    menus: Menus
    qrcodes: QrCodes


class People:
    """Each act changes the platform's state, opens a window and queues its event."""

    def __init__(self, ground: Ground, places: Places) -> None:
        self._ground = ground
        self._places = places

    def _follower(self, phone_id: str) -> Phone:
        phone = self._places.followers.get(phone_id)
        if not phone.is_following:
            raise ControlError(409, "not_following", "this person doesn't follow the account")
        return phone

    def follow(self, phone_id: str, ticket: str | None) -> int:
        """Follow, from a QR code's page or by search; return the event's delivery."""
        places = self._places
        with self._ground.store.transaction():
            code = None if ticket is None else self._valid_code(ticket)
            phone = places.followers.get(phone_id)
            scene = "" if code is None else code.scene
            if not places.followers.follow(phone_id, scene):
                raise ControlError(409, "already_following", "this person follows already")
            places.windows.open(phone.openid, Act.SUBSCRIBE)
            values: dict[str, str | int] = {
                "MsgType": "event",
                "Event": "subscribe",
                "EventKey": "",
            }
            if code is not None:
                values |= {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket}
            return places.callbacks.message(phone, values)

    def _valid_code(self, ticket: str) -> QrCode:
        code = self._places.qrcodes.by_ticket(ticket)
        if code is None or not self._places.qrcodes.is_valid(code):
            raise ControlError(409, "expired", "this QR code has expired")
        return code

    def unfollow(self, phone_id: str) -> int:
        """Stop following; return the event's delivery."""
        with self._ground.store.transaction():
            phone = self._follower(phone_id)
            self._places.followers.unfollow(phone_id)
            return self._places.callbacks.message(
                phone, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
            )

    def write(self, phone_id: str, text: str) -> Sent:
        """Send a text."""
        if not text.strip():
            raise ControlError(400, "text", "the text is empty")
        content = Content(kind="text", text=text)
        return self._send(phone_id, content, {"MsgType": "text", "Content": text})

    def send_picture(self, phone_id: str, picture: bytes) -> Sent:
        """Send a picture."""
        self._follower(phone_id)
        try:
            media = self._places.media.keep(picture, is_upload=False)
        except ApiError as error:
            raise ControlError(400, "picture", str(error)) from error
        url = f"{self._ground.account.base_url}/sandbox/api/media/{media.media_id}"
        return self._send(
            phone_id,
            Content(kind="image", media_id=media.media_id),
            {"MsgType": "image", "PicUrl": url, "MediaId": media.media_id},
        )

    def _send(self, phone_id: str, content: Content, values: dict[str, str | int]) -> Sent:
        with self._ground.store.transaction():
            phone = self._follower(phone_id)
            self._places.windows.open(phone.openid, Act.USER_MESSAGE)
            delivery_id = self._places.callbacks.message(phone, {**values, "MsgId": message_id()})
            bubble = self._places.chat.from_phone(phone_id, content, delivery_id)
        return Sent(message_id=bubble, delivery_id=delivery_id, media_id=content.media_id or None)

    def press(self, phone_id: str, path: list[int]) -> tuple[Button, int]:
        """Press a menu button; return it and the event's delivery."""
        with self._ground.store.transaction():
            phone = self._follower(phone_id)
            button = self._places.menus.button(path)
            if button.kind not in {"click", "view"}:
                raise ControlError(400, "button", f"{button.kind} can't be pressed here")
            event = "CLICK" if button.kind == "click" else "VIEW"
            if event == "CLICK":
                self._places.windows.open(phone.openid, Act.MENU_CLICK)
            values: dict[str, str | int] = {
                "MsgType": "event",
                "Event": event,
                "EventKey": button.key or button.url,
            }
            return button, self._places.callbacks.message(phone, values)

    def scan(self, phone_id: str, content: str | None) -> Scan:
        """Scan a QR code's content: an event, the account's page, a link or a text."""
        phone = self._places.followers.get(phone_id)
        if content is None:
            return Scan(content=None, outcome="nothing")
        code = self._places.qrcodes.by_content(content)
        if code is None:
            if content.startswith(("http://", "https://")):
                return Scan(content=content, outcome="open_url", url=content)
            return Scan(content=content, outcome="text", text=content)
        if not self._places.qrcodes.is_valid(code):
            return Scan(content=content, outcome="expired")
        if not phone.is_following:
            return Scan(content=content, outcome="follow_page", ticket=code.ticket)
        with self._ground.store.transaction():
            self._places.windows.open(phone.openid, Act.SCAN)
            values: dict[str, str | int] = {
                "MsgType": "event",
                "Event": "SCAN",
                "EventKey": code.scene,
                "Ticket": code.ticket,
            }
            delivery_id = self._places.callbacks.message(phone, values)
        return Scan(content=content, outcome="scanned", delivery_id=delivery_id)
