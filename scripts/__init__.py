"""Programs for those who work on Fenxiao: make targets call them."""
