"""What may be written into a log, and what never."""

import subprocess
import sys
from pathlib import Path

import pytest

from fenxiao.logs import redact

ROOT = Path(__file__).parents[2]
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXY12"


PROGRAM = """
import logging, structlog
from fenxiao.logs import configure
configure()
structlog.get_logger("x").info("payment_notified", order_id=7, password="hunter2")
try:
    int("OPENID")
except ValueError:
    logging.getLogger("library").exception("failed for 13812345678")
"""


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("order_id", 7, 7),
        ("out_trade_no", "261123102152238520", "261123102152238520"),
        ("app_secret", "abc", "***"),
        ("access_token", "abc", "***"),
        ("encoding_aes_key", "abc", "***"),
        ("phone", "13800000000", "***"),
        ("receiver", "李女士", "***"),
        ("error", "no parcel for 13812345678", "no parcel for 138****5678"),
        ("reason", f"{OPENID} left", "oABCDE… left"),
    ],
)
def test_secrets_and_people_are_hidden(key: str, value: object, shown: object) -> None:
    assert redact(None, "info", {key: value}) == {key: shown}


def test_lines_of_ours_and_of_libraries_are_one_redacted_line_each() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("OPENID", OPENID)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    ours, theirs = ended.stderr.splitlines()
    assert "level=info event=payment_notified order_id=7 password=***" in ours
    assert theirs.count("138****5678") == 1
    assert "ValueError" in theirs
    assert not [word for word in ("hunter2", OPENID, "13812345678") if word in ended.stderr]
