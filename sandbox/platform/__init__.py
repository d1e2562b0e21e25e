"""WeChat's own paths, answered as WeChat answers them."""
