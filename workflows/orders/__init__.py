"""An order's life: placed, paid, shipped, received, completed, or cancelled."""
