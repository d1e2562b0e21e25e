"""One key=value line per outcome on standard error; secrets and people never get into it."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "***"
SECRET_NAMES = re.compile(
    r"(secret|password|token|api_?v3|aes_?key|data_key|signature|paysign|cookie|authorization)",
    re.IGNORECASE,
)
PERSONAL_NAMES = frozenset(
    {
        "name",
        "nickname",
        "receiver",
        "phone",
        "address",
        "detail",
        "real_name",
        "bank_account",
        "account_number",
    }
)
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
OPENID = re.compile(r"\bo[A-Za-z0-9_-]{27}\b")
OPENID_SHOWN = 6
KEY_ORDER = ("timestamp", "level", "event")


def configure() -> None:
    """Send our own lines and those of the libraries to standard error, redacted."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(
                    key_order=KEY_ORDER, drop_missing=True, bool_as_flag=False
                ),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("alembic", "apscheduler", "urllib3", "werkzeug", "waitress", "wechatpy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets and what tells of a person, by the key's name and by the value's shape."""
    for key, value in event.items():
        if key in PERSONAL_NAMES or SECRET_NAMES.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = _plain(value)
    return event


def _plain(text: str) -> str:
    """Mask phones and openids inside a text, and keep it on one line."""
    masked = PHONE.sub(lambda found: f"{found[0][:3]}****{found[0][-4:]}", text)
    return OPENID.sub(lambda found: f"{found[0][:OPENID_SHOWN]}…", masked)
