"""The face of the customers, and the distributors' own pages, in WeChat's browser."""
