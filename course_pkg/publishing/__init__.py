"""From chapters to a book: rerun by papermill, verify, publish, build with Sphinx."""

from course_pkg.startup import without_iri_grammar

without_iri_grammar()  # before anything imports Jupyter
