"""WeChat's side for tests: small classes that fit the gateway's Protocols and record calls."""
