"""The JSON control API under /sandbox/api, for tests and for the page with phones."""
