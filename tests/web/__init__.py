"""What the faces share, through a small application."""
