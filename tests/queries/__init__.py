"""What the screens and the audit read."""
