"""The gateway: what it sends, what it lets in, and what it makes of the answers."""
