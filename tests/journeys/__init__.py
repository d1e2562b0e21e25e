"""Whole days, through the sandbox: three processes, real HTTP, a real browser."""
