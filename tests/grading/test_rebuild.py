"""What of a submission reaches the grader: the text of the solution cells, and nothing else."""

import copy
import re

import pytest
from nbformat import v4

from course_pkg.grading.rebuild import rebuilt

ROLES = {
    "setup": {"grade": False, "solution": False, "locked": True},
    "mean": {"grade": False, "solution": True, "locked": False},
    "mean_test": {"grade": True, "solution": False, "locked": True, "points": 2},
    "essay": {"grade": True, "solution": True, "locked": False, "points": 1},
}


def cell(name, source, kind=v4.new_code_cell):
    return kind(source, metadata={"nbgrader": {"grade_id": name, "schema_version": 3, **ROLES[name]}})


def release():
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Mean"),
            cell("setup", "import math"),
            cell("mean", "def mean(x):\n    raise NotImplementedError()"),
            cell("mean_test", "assert mean([1, 3]) == 2"),
            cell("essay", "YOUR ANSWER HERE", v4.new_markdown_cell),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


@pytest.fixture
def submission():
    notebook = release()
    notebook.cells[2].source = "def mean(x):\n    return sum(x) / len(x)"
    notebook.cells[4].source = "Because."
    return notebook


def test_an_honest_submission_is_taken_as_it_is(submission):
    notebook, deviations = rebuilt(copy.deepcopy(submission), release())
    assert notebook.cells == [
        {**ours, "id": theirs.id} for ours, theirs in zip(submission.cells, notebook.cells, strict=True)
    ]
    assert deviations == []


def by_name(notebook, name):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def edit_test(nb):
    by_name(nb, "mean_test").source = "pass"


def edit_setup(nb):
    by_name(nb, "setup").source = "import math; math.pi = 3"


def delete_test(nb):
    nb.cells.remove(by_name(nb, "mean_test"))


def duplicate_test(nb):
    nb.cells.append(cell("mean_test", "pass"))


def retype(nb):
    nb.cells[3] = cell("mean_test", "pass", v4.new_markdown_cell)


def tag(nb):
    by_name(nb, "mean_test").metadata["tags"] = ["skip-execution"]


def points(nb):
    by_name(nb, "mean_test").metadata.nbgrader["points"] = 100


def newer_schema(nb):
    by_name(nb, "mean_test").metadata.nbgrader["schema_version"] = 9


def delete_solution(nb):
    nb.cells.remove(by_name(nb, "mean"))


def long_solution(nb):
    by_name(nb, "mean").source += "#" * 300_000


def own_named_cell(nb):
    nb.cells.append(v4.new_code_cell("x", metadata={"nbgrader": {"grade_id": "bonus", "grade": True, "points": 9}}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit_test, "mean_test: was edited"),
        (edit_setup, "setup: was edited"),
        (delete_test, "mean_test: was deleted"),
        (duplicate_test, "mean_test: is there 2 times"),
        (retype, "mean_test: was made a markdown cell"),
        (tag, r"mean_test: was given tags \['skip-execution'\]"),
        (points, "mean_test: says points: 100; 2 counts"),
        (newer_schema, "mean_test: says schema_version: 9; 3 counts"),
        (delete_solution, "mean: the solution cell is missing"),
        (long_solution, r"mean: 300,0\d\d characters, cut to 200,000"),
        (own_named_cell, "bonus: no such cell was handed out"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_tampering_has_no_effect_and_is_written_down(submission, change, said):
    expected = release()
    change(submission)
    notebook, deviations = rebuilt(submission, release())
    assert any(re.match(said, str(deviation)) for deviation in deviations), deviations
    for ours, theirs in zip(notebook.cells, expected.cells, strict=True):
        assert ours.metadata == theirs.metadata
        assert ours.cell_type == theirs.cell_type
        if not ours.metadata.get("nbgrader", {}).get("solution"):
            assert ours.source == theirs.source
    assert notebook.metadata == expected.metadata


@pytest.mark.parametrize("metadata", [{"nbgrader": 3}, {"nbgrader": {"grade_id": ["mean"]}}, {"nbgrader": {}}, {}])
def test_nonsense_in_the_metadata_is_no_answer(submission, metadata):
    submission.cells.append(v4.new_code_cell("mean = 3", metadata=metadata))
    notebook, deviations = rebuilt(submission, release())
    assert "return sum" in by_name(notebook, "mean").source
    assert deviations == []


def test_outputs_and_attachments_do_not_come_along(submission):
    own = by_name(submission, "mean")
    own["outputs"] = [v4.new_output("stream", text="<script>")]
    by_name(submission, "essay")["attachments"] = {"x.html": {"text/html": "<script>"}}
    notebook, _ = rebuilt(submission, release())
    assert "<script>" not in str(notebook)
