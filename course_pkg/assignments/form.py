"""What a source notebook and its answers must look like before anything is done with them."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from course_pkg.assignments.contents import ILLUSTRATION, Answer, Contents, is_illustration, metadata, points
from course_pkg.assignments.regions import HIDDEN, SOLUTION, RegionError, split
from course_pkg.assignments.names import bound_names, free_names

__all__ = ["POINTS", "TEST_NAME", "problems_of_answers", "problems_of_cells", "problems_of_tasks"]

POINTS = 20
"""What each problem set is worth."""

TEST_NAME = re.compile(r"(?P<task>\w+)_test_\d+")
"""The grade id of a test says whose test it is."""

_LEAST = {"mutant": 4, "alternate": 3}
_SCHEMA = 3


def problems_of_cells(notebook: Any, where: str) -> Iterator[str]:
    """Find cells that nbgrader would refuse, release by mistake, or mark wrongly.

    Parameters
    ----------
    notebook : NotebookNode
    where : str
        The notebook's path, for the sentences.

    Yields
    ------
    str
        A sentence with file and cell, and one with the cure.
    """
    seen: set[str] = set()
    speaking = _functions_with_a_value(notebook)
    for number, cell in enumerate(notebook.cells, start=1):
        meta = metadata(cell)
        if not meta:
            if _marked(cell.source):
                yield (
                    f"{where}, cell {number} has solution or hidden-test marks, but no nbgrader metadata, so that "
                    "students would see all of it. Make it a solution or test cell in nbgrader's toolbar."
                )
            continue
        name = meta.get("grade_id")
        at = f"{where}, cell '{name or number}'"
        lacking = [key for key in ("grade", "grade_id", "locked", "solution") if not meta.get(key) and key not in meta]
        if lacking or not name:
            yield f"{at}: its nbgrader metadata lack {', '.join(lacking) or 'a grade id'}. Set its type again."
            continue
        if meta.get("schema_version") != _SCHEMA:
            found = meta.get("schema_version")
            yield f"{at} has nbgrader's schema {found}, not {_SCHEMA}. Run `nbgrader update` on it."
        if name in seen:
            yield f"{at}: this grade id is used by an earlier cell. Give the cell another one."
        seen.add(name)
        yield from (f"{at}: {problem}" for problem in _problems_of_cell(cell, speaking))
    yield from _problems_of_illustrations(notebook, where)


def problems_of_tasks(contents: Contents, where: str) -> Iterator[str]:
    """Find tests without a task, tasks without tests, and points that do not add up.

    Parameters
    ----------
    contents : Contents
    where : str

    Yields
    ------
    str
    """
    names = {task.name for task in contents.tasks}
    for cell in contents.notebook.cells:
        meta = metadata(cell)
        if meta and meta["grade"] and not meta["solution"]:
            match = TEST_NAME.fullmatch(meta["grade_id"])
            if not match or match["task"] not in names:
                yield (
                    f"{where}, cell '{meta['grade_id']}' tests no task: there is no solution cell of that name. "
                    f"Name it TASK_test_1, TASK_test_2 … with one of the tasks {', '.join(sorted(names))}."
                )
    for task in contents.tasks:
        if len(task.tests) < 2 or not any(test.hidden for test in task.tests):
            yield (
                f"{where}, cell '{task.name}' has {len(task.tests)} test cells, "
                f"{sum(test.hidden for test in task.tests)} of them hidden. A task needs two or more, one of them "
                f"hidden: name them {task.name}_test_1, {task.name}_test_2 …"
            )
    total = contents.by_tests + contents.by_hand
    if total != POINTS:
        yield (
            f"{where}: the points of all cells add up to {total:g}, not {POINTS} ({contents.by_tests:g} by tests, "
            f"{contents.by_hand:g} by hand). Change the points of a cell."
        )


def problems_of_answers(answers: list[Answer], solutions: dict[str, str], where: str, folder: str) -> Iterator[str]:
    """Find answers that answer nothing, or are no answers, and tasks that have too few.

    Parameters
    ----------
    answers : list of Answer
    solutions : dict
        Task to the text of its solution cell.
    where, folder : str
        The paths of the notebook, and of the folder of answers.

    Yields
    ------
    str
    """
    for answer in answers:
        at = f"{folder}/{answer.task}/{answer.path.name}"
        if answer.task not in solutions:
            near = difflib.get_close_matches(answer.task, solutions, n=1)
            hint = f" Move it to {near[0]}, if that is the task's name now, or" if near else " Move or"
            yield (f"{at} answers the task '{answer.task}', and {where} has no cell '{answer.task}'.{hint} delete it.")
            continue
        try:
            defined = _defined(answer.text)
        except SyntaxError as error:
            yield f"{at}, line {error.lineno}: {error.msg}. Mend it: an answer must be Python, if a wrong one."
            continue
        lacking = sorted(_defined(solutions[answer.task]) - defined)
        if lacking:
            yield (
                f"{at} no longer applies: it does not define {', '.join(lacking)}, as the cell '{answer.task}' of "
                f"{where} does. Adapt or delete it."
            )
        if not answer.text.startswith("# "):
            yield f"{at} does not say what it is. Begin it with a comment: the mistake, or how it differs."
    for name in solutions:
        own = [answer for answer in answers if answer.task == name]
        yield from _problems_of_number(name, own, f"{folder}/{name}")


def _problems_of_number(task: str, answers: list[Answer], folder: str) -> Iterator[str]:
    for kind, least in _LEAST.items():
        own = [answer for answer in answers if answer.kind == kind]
        if len(own) < least:
            yield (
                f"{folder} has {len(own)} {kind}s of the cell '{task}'; its tests need {least} or more to be tested "
                f"with. Add {kind}_….py files."
            )
    first: dict[str, str] = {}
    for answer in answers:
        twin = first.setdefault(_normalized(answer.text), answer.path.name)
        if twin != answer.path.name:
            yield f"{folder}: {twin} and {answer.path.name} are the same. Delete one."


def _normalized(code: str) -> str:
    """Return code without comments and layout, so that equal answers read alike."""
    try:
        return ast.unparse(ast.parse(code))
    except SyntaxError:
        return code


def _problems_of_cell(cell: Any, speaking: set[str]) -> Iterator[str]:
    meta = metadata(cell)
    if meta["grade"] and not _is_number(meta.get("points")):
        yield "it is graded, but has no points. Give it some in nbgrader's toolbar."
    elif meta["grade"] and points(cell) <= 0:
        yield f"it is worth {points(cell):g} points. Give it more than 0, or make it no test."
    if meta["grade"] and not meta["solution"] and not meta["locked"]:
        yield "students could change this test. Lock it."
    if cell.cell_type == "markdown" and meta["grade"] != meta["solution"]:
        yield "a written answer is graded and a solution at once. Make it a `Manually graded answer`."
    try:
        inside = {mark: bool(split(cell.source, mark).inside) for mark in (SOLUTION, HIDDEN)}
    except RegionError as error:
        yield str(error)
        return
    if meta["solution"] and not inside[SOLUTION]:
        yield f"it is a solution cell without a solution. Put `{SOLUTION.begin}` and `{SOLUTION.end}` around it."
    if not meta["solution"] and inside[SOLUTION]:
        yield "it has a solution, but is no solution cell, so that students would see it. Change the cell's type."
    if inside[HIDDEN] and (meta["solution"] or not meta["grade"]):
        yield "it has hidden tests, but is no test cell. Change the cell's type."
    if meta["grade"] and not meta["solution"]:
        yield from _problems_of_test(cell.source, speaking)


def _problems_of_test(source: str, speaking: set[str]) -> Iterator[str]:
    try:
        last = ast.parse(source).body[-1:]
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}. Mend it."
        return
    if not last:
        yield "it tests nothing, and every answer would pass. Write a test."
    elif isinstance(last[0], ast.Expr) and not _is_silent_check(last[0].value, speaking):
        yield (
            "it ends with an expression, whose value nbgrader would take for partial credit. End it with a check, "
            "or assign the value to a name."
        )


def _is_silent_check(node: ast.expr, speaking: set[str]) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id.startswith("check_") and node.func.id not in speaking


def _functions_with_a_value(notebook: Any) -> set[str]:
    """Name the functions of the notebook's own that return something."""
    found = set()
    for cell in notebook.cells:
        for node in _parsed(cell):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(inner, ast.Return) and inner.value is not None for inner in ast.walk(node)
            ):
                found.add(node.name)
    return found


def _parsed(cell: Any) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body if cell.cell_type == "code" else []
    except SyntaxError:
        return []  # whoever looks at the cell's role says so


def _problems_of_illustrations(notebook: Any, where: str) -> Iterator[str]:
    """Find cells that the grading leaves out, and others need."""
    needed: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_illustration(cell):
            with suppress(SyntaxError):  # whoever looks at the cell's role says so
                needed |= free_names(cell.source)
    for number, cell in enumerate(notebook.cells, start=1):
        if ILLUSTRATION in cell.metadata.get("tags", []) and (metadata(cell) or cell.cell_type != "code"):
            yield f"{where}, cell {number} has the tag '{ILLUSTRATION}', and is no ordinary code cell. Remove the tag."
        elif is_illustration(cell) and (used := sorted(bound_names(cell.source) & needed)):
            yield (
                f"{where}, cell {number} has the tag '{ILLUSTRATION}', but other cells use its {', '.join(used)}. "
                "Remove the tag, or bind the names elsewhere: the grading leaves the cell out."
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _marked(source: str) -> bool:
    return any(mark in source for kind in (SOLUTION, HIDDEN) for mark in (kind.begin, kind.end))


def _defined(code: str) -> set[str]:
    """Name the functions, classes and variables that a cell defines, but for private ones."""
    names = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}
