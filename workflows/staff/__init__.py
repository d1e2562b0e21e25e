"""The brand's staff: who may enter the console, and how long a login lasts."""
