"""Notebooks that were edited: points, flags, tags, schema, deleted, duplicated, retyped and re-pointed cells."""

import copy
from typing import Any

from attacks.attack import Attack
from attacks.problem_set import PLAIN
from nbformat import v4


def _role(cell: Any) -> Any:
    return cell.metadata.nbgrader


def _find(notebook: Any, name: str) -> Any:
    return next(cell for cell in notebook.cells if _role(cell).grade_id == name)


def _tests(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if _role(cell).grade and cell.cell_type == "code"]


def _points(notebook: Any) -> None:
    for cell in _tests(notebook):
        _role(cell).points = 1000


def _flags(notebook: Any) -> None:
    for cell in _tests(notebook):
        _role(cell).update(grade=False, solution=True, locked=False)
        cell.source = "pass"


def _solution_tests(notebook: Any) -> None:
    for cell in _tests(notebook):
        _role(cell).update(solution=True)
        cell.source = "99"


def _tags(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "raises-exception", "remove_cell", "remove-output", "illustration"]
        cell.metadata.update(deletable=True, editable=True, collapsed=True)


def _schema(notebook: Any) -> None:
    for cell in notebook.cells:
        _role(cell).schema_version = 99
    notebook.metadata.nbgrader = {"schema_version": 99}


def _kernel(notebook: Any) -> None:
    notebook.metadata.kernelspec = {"name": "no-such-kernel", "display_name": "x", "language": "bash"}
    notebook.metadata.language_info = {"name": "bash"}


def _deleted(notebook: Any) -> None:
    notebook.cells = [cell for cell in notebook.cells if _role(cell).solution]


def _duplicated(notebook: Any) -> None:
    answer = _find(notebook, "mean")
    for name in ("mean_visible", "mean_hidden", "scale_hidden"):
        twin = copy.deepcopy(_find(notebook, name))
        twin.source = "99"
        notebook.cells.insert(0, twin)
    right = copy.deepcopy(answer)
    right.source = PLAIN.right["mean"]
    notebook.cells.append(right)  # the first one counts, and it is wrong


def _retyped(notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells):
        if cell in _tests(notebook):
            kind = v4.new_markdown_cell if number % 2 else v4.new_raw_cell
            notebook.cells[number] = kind("passed", metadata=cell.metadata)


def _repointed(notebook: Any) -> None:
    names = [_role(cell).grade_id for cell in notebook.cells if _role(cell).solution]
    for cell, test in zip([cell for cell in notebook.cells if _role(cell).solution], _tests(notebook), strict=False):
        _role(cell).grade_id, _role(test).grade_id = _role(test).grade_id, _role(cell).grade_id
        test.source = "99"
    notebook.cells.append(
        v4.new_code_cell("99", metadata={"nbgrader": {"grade_id": names[0] + "_hidden", "points": 99}})
    )


def _outputs(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [v4.new_output("execute_result", {"text/plain": "99"}, execution_count=1)]
            cell.execution_count = 1
    notebook.metadata.course_grading = {"deviations": [], "events": []}


def _own_cells(notebook: Any) -> None:
    patch = v4.new_code_cell(
        "import builtins\nbuiltins.AssertionError = SystemExit\nmean = scale = count = lambda x: 2"
    )
    notebook.cells.insert(0, patch)
    notebook.cells.append(copy.deepcopy(patch))


def _edited_tests(notebook: Any) -> None:
    for cell in _tests(notebook):
        cell.source = "# passes\n99"
    _find(notebook, "setup").source = "import numpy as np\nimport builtins\nbuiltins.AssertionError = SystemExit"


def _attachments(notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells):
        cell["id"] = "same" if number % 2 else "../../x"
        if cell.cell_type == "markdown":
            cell.attachments = {"x.html": {"text/html": "<script>alert(1)</script>"}}
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"x": {"evil": 1}}}}
    notebook.nbformat_minor = 99


def _edit(name: str, what: str, edit: Any) -> Attack:
    """Answer one task rightly beside the edit: it keeps its marks, and the others gain none."""
    return Attack(name, what, edit=edit, honest=("scale",))


ATTACKS = [
    _edit("more_points", "Every test is worth 1,000 points.", _points),
    _edit("ungraded_tests", "Tests are no tests any more, but solutions that pass.", _flags),
    _edit(
        "tests_are_solutions",
        "Tests are graded and solutions at once, so that the student's text counts.",
        _solution_tests,
    ),
    _edit("tags", "Every cell is tagged to be skipped, to raise, to be removed.", _tags),
    _edit("newer_schema", "The metadata claim a schema that nbgrader does not know yet.", _schema),
    _edit("strange_kernel", "The notebook asks for a kernel that does not exist.", _kernel),
    _edit("deleted_tests", "All tests and the course's own cells are gone.", _deleted),
    Attack(
        "duplicated_cells",
        "Tests are there twice, the first time empty; an answer twice, the second time right.",
        edit=_duplicated,
        honest=("scale",),
    ),
    _edit("retyped_tests", "Tests are text cells that say that they passed.", _retyped),
    Attack("repointed_cells", "Tests and answers have exchanged their names.", edit=_repointed, loses_all=True),
    _edit("handed_in_outputs", "Every cell was handed in with a result of 99 points.", _outputs),
    _edit("own_cells", "Cells of the student's own patch what the tests use.", _own_cells),
    _edit("edited_tests", "Tests and the first cell are edited.", _edited_tests),
    _edit("strange_parts", "Cell ids twice, attachments with scripts, widgets, a format of the future.", _attachments),
    Attack(
        "resubmission",
        "After a right submission a wrong one is handed in without tests, to keep the marks.",
        edit=_deleted,
        handed_in_before=True,
    ),
    Attack(
        "empty_resubmission",
        "After a right submission a notebook without cells is handed in.",
        edit=lambda notebook: notebook.cells.clear(),
        answers={"mean": "pass", "scale": "pass", "count": "pass"},
        handed_in_before=True,
        loses_all=True,
    ),
    Attack(
        "magics",
        "Cells run other programs by magics, and capture what would be seen.",
        answers={
            "mean": "%%bash\necho @ROOT@ > @ROOT@/@ESCAPED@\ncat @CANARY@ @CLASSMATE@ @GRADEBOOK@",
            "scale": "%%capture\n%run @CLASSMATE@\n!cat @CANARY@\nscale = max",
            "count": "%%javascript\nalert(1)",
        },
        harmful=True,
    ),
]
