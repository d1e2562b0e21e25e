"""An order's life."""
