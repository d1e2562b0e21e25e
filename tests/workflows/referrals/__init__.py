"""Touches and bindings."""
