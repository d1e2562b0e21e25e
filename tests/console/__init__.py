"""Tests of the console: its pages, its guard, and what every change leaves behind."""
