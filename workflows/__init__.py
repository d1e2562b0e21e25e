"""Every write: one verb a file; an operation opens and closes its transaction."""
