"""The face of the brand's staff."""
