"""What time brings: each operation finds the rows whose moment has come and moves them on.

A row that fails is logged with its id and doesn't stop the others.
"""
