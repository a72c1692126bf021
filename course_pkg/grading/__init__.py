"""Grading of strangers' code: rebuilt notebooks, and an examiner that never runs a line of a student's."""

from course_pkg.startup import without_iri_grammar

without_iri_grammar()  # before anything imports Jupyter
