"""Tables, constraints and guarded statements."""
