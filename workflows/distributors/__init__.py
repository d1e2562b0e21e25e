"""Distributors (分销商): how they join, and how their authorisation changes."""
