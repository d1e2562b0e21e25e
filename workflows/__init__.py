"""Every write: one verb a file; an operation opens and closes its transaction.

Read a function's first parameter: `sessions: SessionFactory` is an operation, the only kind that
faces call; `session: Session` is a step that joins its caller's transaction.
"""

from models.database import SessionFactory

__all__ = ["SessionFactory"]
