"""The face of customers and distributors, without a browser."""
