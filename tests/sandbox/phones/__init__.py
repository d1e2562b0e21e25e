"""The phones of the sandbox's page."""
