"""A separate program that plays the WeChat platform, for demos and tests."""
