"""Benchmarks: each figure with its ratio to a limit measured in the same run."""
