"""OAuth in WeChat's browser."""
