"""Every write, on SQLite and PostgreSQL."""
