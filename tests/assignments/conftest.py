"""A small problem set in a repository of its own: one task, no TensorFlow, 20 points."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from course_pkg.assignments.problem_sets import ProblemSet

SOLUTION = """def mean(values):
    \"\"\"Return the mean.\"\"\"
    ### BEGIN SOLUTION
    total = sum(float(value) for value in values)
    return total / len(values)
    ### END SOLUTION"""

VISIBLE = "check_close(mean([1, 3]), 2, call='mean([1, 3])', hint='divide by how many there are')"

HIDDEN = """# Hidden: other numbers.
### BEGIN HIDDEN TESTS
generator = grading_generator("mean")
numbers_of_the_hidden_test = generator.normal(5, 1, 7).tolist()
truth = np.mean(numbers_of_the_hidden_test)
check_close(mean(numbers_of_the_hidden_test), truth, call="mean of 7 numbers", hint="look again")
### END HIDDEN TESTS"""

MUTANTS = {
    "mutant_sum": "# Mistake: forgets to divide.\ndef mean(values):\n    return sum(list(values))\n",
    "mutant_of_two": "# Mistake: divides by two, as in the example.\ndef mean(values):\n    return sum(values) / 2\n",
    "mutant_median": "# Mistake: the median.\ndef mean(values):\n    return sorted(values)[len(values) // 2]\n",
    "mutant_none": "# Mistake: prints.\ndef mean(values):\n    print(sum(values) / len(values))\n",
}
ALTERNATES = {
    "alternate_numpy": "# Differs: NumPy.\ndef mean(values):\n    return np.float32(np.mean(np.asarray(values)))\n",
    "alternate_statistics": "# Differs: statistics.\nimport statistics\n\n\ndef mean(values):\n"
    "    return statistics.fmean(values)\n",
    "alternate_warns": "# Differs: warns.\nimport warnings\n\n\ndef mean(values):\n    warnings.warn('slow')\n"
    "    return sum(values) / len(values)\n",
}


def code(source: str, name: str = "", **meta: object) -> nbformat.NotebookNode:
    cell = v4.new_code_cell(source, id=(name or "plain").replace("_", "-"))
    if name:
        known = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
        cell.metadata.nbgrader = nbformat.from_dict({**known, **meta})
    return cell


def manual(source: str, name: str, points: float) -> nbformat.NotebookNode:
    cell = v4.new_markdown_cell(source, id=name.replace("_", "-"))
    meta = {"grade": True, "grade_id": name, "locked": False, "points": points, "schema_version": 3, "solution": True}
    cell.metadata.nbgrader = nbformat.from_dict({**meta, "task": False})
    return cell


class SmallCourse:
    """A repository with one problem set, `ps1_small`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problem_set = ProblemSet("ps1_small", root)
        setup = (
            "import course_pkg\nimport numpy as np\n\n"
            "from course_pkg.checks import check_close, grading_generator, show_warnings_as_output\n"
            "show_warnings_as_output()"
        )
        self.cells = [
            v4.new_markdown_cell("# A small problem set", id="title"),
            code(setup, "setup", locked=True),
            code(SOLUTION, "mean", solution=True),
            code(VISIBLE, "mean_test_1", grade=True, locked=True, points=5),
            code(HIDDEN, "mean_test_2", grade=True, locked=True, points=10),
            manual("### BEGIN SOLUTION\nThe model answer in so many words.\n### END SOLUTION", "why", 5),
        ]
        for name, text in {**MUTANTS, **ALTERNATES}.items():
            self.answer(name, text)

    def cell(self, name: str) -> nbformat.NotebookNode:
        return next(cell for cell in self.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)

    def answer(self, name: str, text: str, task: str = "mean") -> Path:
        path = self.problem_set.answers / task / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write(self) -> ProblemSet:
        notebook = v4.new_notebook(cells=self.cells)
        notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        self.problem_set.source.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, self.problem_set.source)
        return self.problem_set

    def course(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the real command as an author does."""
        done = subprocess.run(
            [sys.executable, "-m", "course_pkg", "assignments", *arguments],
            cwd=self.root,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert (done.returncode == 0) is ok, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture
def small(tmp_path: Path) -> SmallCourse:
    return SmallCourse(tmp_path / "repository")
