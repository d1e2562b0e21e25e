"""Every multi-table read; returns frozen rows."""
