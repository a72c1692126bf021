"""A course with one problem set of two small tasks and an essay, for the tests of grading: no TensorFlow in it."""

import copy
import logging
import shutil
from pathlib import Path

import nbformat
from nbformat import v4
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from course_pkg.grading.database import create
from course_pkg.grading.places import find_places
from small_book import REPOSITORY

NAME = "sums"
MEAN = "def mean(x):\n    ### BEGIN SOLUTION\n    return sum(x) / len(x)\n    ### END SOLUTION"
LARGEST = "def largest(x):\n    ### BEGIN SOLUTION\n    return max(x)\n    ### END SOLUTION"
MEAN_TEST = (
    "assert mean([1, 3]) == 2, mean([1, 3])\n### BEGIN HIDDEN TESTS\nassert mean([1, 2, 6]) == 3\n### END HIDDEN TESTS"
)
GOOD = {
    "mean": "def mean(x):\n    return sum(x) / len(x)",
    "largest": "def largest(x):\n    return sorted(x)[-1]",
    "essay": "Because.",
}
HALF = {**GOOD, "largest": "def largest(x):\n    return x[0]"}


def cell(name, source, kind=v4.new_code_cell, **role):
    role = {"grade": False, "solution": False, "locked": False, "task": False, **role}
    return kind(source, metadata={"nbgrader": {"grade_id": name, "schema_version": 3, **role}}, id=name)


def source():
    return v4.new_notebook(
        cells=[
            cell("setup", "import math", locked=True),
            cell("mean", MEAN, solution=True),
            cell("mean_test", MEAN_TEST, grade=True, locked=True, points=2),
            cell("largest", LARGEST, solution=True),
            cell("largest_test", "assert largest([1, 5, 2]) == 5", grade=True, locked=True, points=3),
            cell("essay", "Why?", v4.new_markdown_cell, grade=True, solution=True, points=1),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )


class SmallCourse:
    """A repository with ``solutions``, ``assignments``, a gradebook, and whatever is handed in."""

    def __init__(self, root: Path, db_url: str = ""):
        self.root = root
        folder = root / "solutions" / NAME
        folder.mkdir(parents=True)
        nbformat.write(source(), folder / f"{NAME}.ipynb")
        (folder / "numbers.csv").write_text("1,2\n")
        settings = (REPOSITORY / "nbgrader_config.py").read_text()
        if db_url:
            settings += f"\nc.CourseDirectory.db_url = {db_url!r}\nc.CourseDirectory.course_id = 'course'\n"
        (root / "nbgrader_config.py").write_text(settings)
        self.generate()

    def copy(self, root: Path) -> "SmallCourse":
        """Return a copy in another folder, which is quicker than another one."""
        other = copy.copy(self)
        other.root = root
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return other

    @property
    def places(self):
        return find_places(self.root)

    @property
    def submitted(self) -> Path:
        return self.root / "grading" / "submitted"

    def generate(self):
        """Make the release and tell the gradebook, as ``nbgrader generate_assignment`` does."""
        create(self.places.db_url)
        config = self.places.config.copy()
        config.CourseDirectory.update(root=str(self.root), db_url=self.places.db_url, assignment_id=NAME)
        config.GenerateAssignment.force = True
        log = logging.getLogger(__name__)
        GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()

    def notebook(self, answers):
        """Return the release with a student's answers in it."""
        notebook = nbformat.read(self.root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
        for each in notebook.cells:
            name = each.metadata.get("nbgrader", {}).get("grade_id")
            each.source = answers.get(name, each.source)
        return notebook

    def submit(self, student, answers=GOOD, timestamp="2026-01-02 10:00:00 UTC"):
        """Hand in answers, or the text of a whole notebook; return the folder."""
        folder = self.submitted / student / NAME
        folder.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(self.notebook(answers)) if isinstance(answers, dict) else answers
        (folder / f"{NAME}.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)
        return folder
