"""Lessons (课程): written and edited by staff, opened by distributors."""
