"""Run an operation for each of several rows, whatever becomes of the others."""

from collections.abc import Callable, Iterable

import structlog

from rules.states import TransitionRefused
from wechat.errors import WeChatError

log = structlog.get_logger(__name__)


def each(subject: str, ids: Iterable[int], operation: Callable[[int], bool]) -> int:
    """Run `operation` for each id; return how many it moved on."""
    moved = 0
    for row_id in ids:
        try:
            moved += operation(row_id)
        except TransitionRefused as refused:
            # Somebody else moved it on between our question and our turn.
            log.info("due row moved already", subject=subject, id=row_id, code=refused.code)
        except WeChatError as error:
            log.warning("due row unsettled", subject=subject, id=row_id, errcode=error.errcode)
        except Exception:
            log.exception("due row failed", subject=subject, id=row_id)
    return moved
