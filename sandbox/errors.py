"""The error answers: errcode of the official account's API, code of WeChat Pay, our own."""

import secrets
import time

# The texts are the platform's; clients match on the number only.
MESSAGES: dict[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40015: "invalid menu type",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40026: "invalid sub button key size",
    40027: "invalid sub button url size",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40032: "invalid openid list size",
    40052: "invalid action name",
    40053: "invalid action info",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41009: "missing openid",
    42001: "access_token expired",
    42003: "code expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45029: "qrcode count out of limit",
    45047: "out of response count limit",
    45056: "too many tag now, no need to add new",
    45057: "can't delete the tag that has too many fans",
    45058: "can't modify sys tag",
    45059: "can not add more than 20 tags to a user",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
}


def request_id() -> str:
    """Return a rid as WeChat appends it: time, then two random groups, in hexadecimal."""
    return f"{int(time.time()):x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


class ApiError(Exception):
    """An errcode of the official account's API; answered with HTTP 200."""

    def __init__(self, code: int, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, "error")
        super().__init__(f"{code} {self.message}")

    def body(self) -> dict[str, object]:
        """Return the documented error body."""
        return {"errcode": self.code, "errmsg": f"{self.message} rid: {request_id()}"}


class PayError(Exception):
    """An error of WeChat Pay v3: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        super().__init__(f"{status} {code} {message}")

    def body(self) -> dict[str, object]:
        """Return the documented error body."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field:
            body["detail"] = {"location": "body", "field": self.field, "issue": self.message}
        return body


class ControlError(Exception):
    """A refusal by the control API; also what a phone's user is told."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{status} {code} {message}")


class BridgeError(Exception):
    """What WeChat's browser answers a page that may not do this; `message` is for the user."""

    def __init__(self, err_msg: str, code: str, message: str) -> None:
        self.err_msg = err_msg
        self.code = code
        self.message = message
        super().__init__(f"{err_msg} {code} {message}")
