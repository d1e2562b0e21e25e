"""Decisions: tables of named cases and properties, without a database."""
