"""One flush to the disk for all who committed meanwhile (group commit), on SQLite.

SQLite's `synchronous=FULL` flushes its write-ahead log in each COMMIT, while nobody else may
write: sixteen threads wait for sixteen flushes. With NORMAL a COMMIT survives the death of the
process but not a power cut. So connections run at NORMAL, and a transaction counts as done when
a flush that began after its COMMIT has ended: as durable as FULL, and one flush serves many.
"""

import os
from threading import Lock


class SharedFlush:
    """Flushes the write-ahead log of one database file; one for all threads of a process."""

    def __init__(self, database: str) -> None:
        self._log = f"{database}-wal"
        self._counting = Lock()
        self._flushing = Lock()
        self.committed = 0
        """How many transactions asked for a flush so far."""
        self._flushed = 0

    def wait(self) -> None:
        """Return once everything that was committed before this call is on the disk."""
        with self._counting:
            self.committed += 1
            mine = self.committed
        with self._flushing:
            if self._flushed >= mine:
                return
            covered = self.committed
            self._flush()
            self._flushed = covered

    def _flush(self) -> None:
        # SQLite's locks lie on the database and the -shm file, so opening and closing this one
        # releases none of them.
        try:
            log = os.open(self._log, os.O_RDONLY)
        except FileNotFoundError:
            # The last connection closed: SQLite has moved everything to the database, flushed.
            return
        try:
            os.fdatasync(log)
        finally:
            os.close(log)
