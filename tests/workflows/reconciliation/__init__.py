"""WeChat bills against our books."""
