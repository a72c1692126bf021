"""Grading of strangers' code: rebuilt notebooks, and an examiner that never runs a line of a student's."""
