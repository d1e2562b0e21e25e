"""Decisions: pure functions of facts; no clock, no I/O, no ORM."""
