"""Tables, constraints, transactions."""
