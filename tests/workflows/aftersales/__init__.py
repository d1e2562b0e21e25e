"""After-sales, from the request to the money."""
