"""Tests of the distributors' workflows, on both databases."""
