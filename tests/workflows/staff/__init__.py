"""Tests of the staff's logins."""
