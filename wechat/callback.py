"""The guard of the callback: from raw bytes to a frozen event, and back."""
