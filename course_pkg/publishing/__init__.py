"""From chapters to a book: rerun by papermill, verify, publish, build with Sphinx."""
