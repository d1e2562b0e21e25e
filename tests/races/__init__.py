"""Two real connections at the guarded point, on both databases."""
