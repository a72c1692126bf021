"""Problem sets: read and checked, released, their tests tested, and bundled for students."""

from course_pkg.startup import without_iri_grammar

without_iri_grammar()  # before anything imports Jupyter
