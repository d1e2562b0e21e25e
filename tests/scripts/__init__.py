"""Programs for those who work on Fenxiao."""
