"""Every write: one verb a file; an operation opens and closes its transaction.

Read a function's first parameter: `sessions: SessionFactory` is an operation, the only kind that
faces call; `session: Session` is a step that joins its caller's transaction. The bot's handlers are
steps themselves: they run in the transaction of `workflows.inbound.answer_once`.
"""

from models.database import SessionFactory, is_locked
from models.hurried import HurriedSessions, OutOfTime

__all__ = ["HurriedSessions", "OutOfTime", "SessionFactory", "is_locked"]
