"""Run the ``course`` command as ``python -m course_pkg``."""

from course_pkg.cli import main

main()
