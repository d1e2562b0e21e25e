"""The face of the distributors: the official account's messages and events."""
