"""Rows with valid defaults: a test states only what matters to it. Each needs a `Session`."""
