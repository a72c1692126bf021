"""Where the parts of a problem set lie, and what its source notebook must look like before anything is done with it."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from course_pkg.assignments.regions import HIDDEN, SOLUTION, RegionError, split
from course_pkg.errors import CourseError

__all__ = ["POINTS", "Answer", "Contents", "Course", "ProblemSet", "Task", "TestCell", "find_course"]

POINTS = 20
"""What each problem set is worth."""

_LEAST = {"mutant": 4, "alternate": 3}
_SCHEMA = 3
_TEST_NAME = re.compile(r"(?P<task>\w+)_test_\d+")
_ANSWER_NAME = re.compile(r"(?P<kind>mutant|alternate)_\w+")


@dataclass(frozen=True)
class TestCell:
    """A test cell of the source.

    Parameters
    ----------
    name : str
        Its grade id.
    points : float
    hidden : bool
        True if it has hidden tests, which the release lacks.
    """

    __test__ = False  # pytest takes the name for one of its own

    name: str
    points: float
    hidden: bool


@dataclass(frozen=True)
class Answer:
    """A wrong (mutant) or right (alternate) answer to one task, as a student might give it.

    Parameters
    ----------
    task : str
    kind : {"mutant", "alternate"}
    path : Path
    text : str
        The whole text of the cell.
    """

    task: str
    kind: str
    path: Path
    text: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@dataclass(frozen=True)
class Task:
    """A task that is graded by tests.

    Parameters
    ----------
    name : str
        The grade id of its solution cell.
    tests : tuple of TestCell
    answers : tuple of Answer
    """

    name: str
    tests: tuple[TestCell, ...]
    answers: tuple[Answer, ...]

    @property
    def points(self) -> float:
        """What its tests are worth together."""
        return sum(test.points for test in self.tests)

    def of_kind(self, kind: str) -> list[Answer]:
        """Return its mutants or its alternates."""
        return [answer for answer in self.answers if answer.kind == kind]


@dataclass(frozen=True)
class Contents:
    """A source notebook, read and checked.

    Parameters
    ----------
    notebook : NotebookNode
    tasks : tuple of Task
    by_hand : float
        The points of what is graded by hand.
    """

    notebook: Any
    tasks: tuple[Task, ...]
    by_hand: float

    @property
    def by_tests(self) -> float:
        """The points that tests give."""
        return sum(task.points for task in self.tasks)


@dataclass(frozen=True)
class ProblemSet:
    """One problem set: its source, its release, and the answers that its tests are tested with.

    Parameters
    ----------
    name : str
        The name of its folders and of its notebook.
    root : Path
        The repository.
    """

    name: str
    root: Path

    @property
    def source(self) -> Path:
        """The notebook with solutions and all tests."""
        return self.root / "solutions" / self.name / f"{self.name}.ipynb"

    @property
    def release(self) -> Path:
        """The notebook that students get."""
        return self.root / "assignments" / self.name / f"{self.name}.ipynb"

    @property
    def answers(self) -> Path:
        """The folder of mutants and alternates."""
        return self.root / "tests" / "assignments" / self.name

    def read(self) -> Contents:
        """Read the source and its answers, and check their form.

        Raises
        ------
        CourseError
            That names file, cell and cure: a notebook is missing or renamed, a file is where nbgrader would release it,
            grade ids repeat, a test has no points or belongs to no task, marks of regions do not match, points do not
            add up, or an answer belongs to no task.
        """
        notebook = self._notebook()
        problems = [*self._problems_of_cells(notebook)]
        _raise_if(problems)
        cells = [cell for cell in notebook.cells if _meta(cell)]
        answers = list(self._answers())
        solutions = {
            _meta(cell)["grade_id"]: cell.source
            for cell in cells
            if _meta(cell)["solution"] and not _meta(cell)["grade"]
        }
        tasks = tuple(self._task(name, cells, answers) for name in solutions)
        by_hand = sum(_points(cell) for cell in cells if _meta(cell)["grade"] and _meta(cell)["solution"])
        contents = Contents(notebook, tasks, by_hand)
        problems = [*self._problems_of_tasks(contents), *self._problems_of_answers(answers, solutions)]
        _raise_if(problems)
        return contents

    def _notebook(self) -> Any:
        folder = self.source.parent
        if not self.source.is_file():
            found = sorted(path.name for path in folder.glob("*.ipynb"))
            cure = f"Rename {found[0]}, which is there." if found else "Write it, or remove the folder."
            raise CourseError(f"{self._relative(self.source)} is missing. {cure}")
        others = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != self.source]
        others = [path for path in others if ".ipynb_checkpoints" not in path.parts]
        if others:
            raise CourseError(
                f"{self._relative(others[0])} lies beside the source, and nbgrader would release it to students. "
                "Move it elsewhere: answers to test the tests with belong into "
                f"{self._relative(self.answers)}."
            )
        try:
            notebook = nbformat.read(self.source, as_version=4)
            nbformat.validate(notebook)
        except Exception as error:  # nbformat raises whatever its converters stumble over
            line = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CourseError(f"{self._relative(self.source)} is no valid notebook: {line}. Restore it.") from error
        return notebook

    def _problems_of_cells(self, notebook: Any) -> Iterator[str]:
        seen: set[str] = set()
        where = self._relative(self.source)
        for number, cell in enumerate(notebook.cells, start=1):
            meta = _meta(cell)
            if not meta:
                if _marked(cell.source):
                    yield (
                        f"{where}, cell {number} has solution or hidden-test marks, but no nbgrader metadata, so that "
                        "students would see all of it. Make it a solution or test cell in nbgrader's toolbar."
                    )
                continue
            name = meta.get("grade_id")
            at = f"{where}, cell '{name or number}'"
            lacking = [
                key for key in ("grade", "grade_id", "locked", "solution") if not meta.get(key) and key not in meta
            ]
            if lacking or not name:
                yield f"{at}: its nbgrader metadata lack {', '.join(lacking) or 'a grade id'}. Set its type again."
                continue
            if meta.get("schema_version") != _SCHEMA:
                found = meta.get("schema_version")
                yield f"{at} has nbgrader's schema {found}, not {_SCHEMA}. Run `nbgrader update` on it."
            if name in seen:
                yield f"{at}: this grade id is used by an earlier cell. Give the cell another one."
            seen.add(name)
            yield from (f"{at}: {problem}" for problem in _problems_of_cell(cell))

    def _problems_of_tasks(self, contents: Contents) -> Iterator[str]:
        where = self._relative(self.source)
        names = {task.name for task in contents.tasks}
        for cell in contents.notebook.cells:
            meta = _meta(cell)
            if meta and meta["grade"] and not meta["solution"]:
                match = _TEST_NAME.fullmatch(meta["grade_id"])
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

    def _problems_of_answers(self, answers: list[Answer], solutions: dict[str, str]) -> Iterator[str]:
        for answer in answers:
            at = self._relative(answer.path)
            if answer.task not in solutions:
                near = difflib.get_close_matches(answer.task, solutions, n=1)
                hint = f" Move it to {near[0]}, if that is the task's name now, or" if near else " Move or"
                yield (
                    f"{at} answers the task '{answer.task}', and {self._relative(self.source)} has no cell "
                    f"'{answer.task}'.{hint} delete it."
                )
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
                    f"{self._relative(self.source)} does. Adapt or delete it."
                )
            if not answer.text.startswith("# "):
                yield f"{at} does not say what it is. Begin it with a comment: the mistake, or how it differs."
        for name in solutions:
            for kind, least in _LEAST.items():
                own = [answer for answer in answers if answer.task == name and answer.kind == kind]
                if len(own) < least:
                    yield (
                        f"{self._relative(self.answers / name)} has {len(own)} {kind}s of the cell '{name}'; its tests "
                        f"need {least} or more to be tested with. Add {kind}_….py files."
                    )
                texts = [
                    ast.unparse(ast.parse(answer.text))
                    for answer in own
                    if answer.task in solutions and _parses(answer.text)
                ]
                for text in {text for text in texts if texts.count(text) > 1}:
                    twins = [
                        answer.path.name
                        for answer in own
                        if _parses(answer.text) and ast.unparse(ast.parse(answer.text)) == text
                    ]
                    yield f"{self._relative(self.answers / name)}: {' and '.join(twins)} are the same. Delete one."

    def _task(self, name: str, cells: list[Any], answers: list[Answer]) -> Task:
        tests = []
        for cell in cells:
            match = _TEST_NAME.fullmatch(_meta(cell)["grade_id"])
            if match and match["task"] == name and _meta(cell)["grade"]:
                hidden = bool(split(cell.source, HIDDEN).inside)
                tests.append(TestCell(_meta(cell)["grade_id"], _points(cell), hidden))
        return Task(name, tuple(tests), tuple(answer for answer in answers if answer.task == name))

    def _answers(self) -> Iterator[Answer]:
        for path in sorted(self.answers.glob("*/*.py")):
            match = _ANSWER_NAME.fullmatch(path.stem)
            if not match:
                raise CourseError(
                    f"{self._relative(path)} is neither a mutant nor an alternate. Call it mutant_… or alternate_…"
                )
            yield Answer(path.parent.name, match["kind"], path, path.read_text(encoding="utf-8"))

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Course:
    """The repository, seen as a collection of problem sets.

    Parameters
    ----------
    root : Path
        The repository's top folder.
    """

    root: Path

    @cached_property
    def problem_sets(self) -> list[ProblemSet]:
        """All problem sets, by name."""
        folders = sorted(path for path in (self.root / "solutions").iterdir() if path.is_dir())
        return [ProblemSet(folder.name, self.root) for folder in folders if not folder.name.startswith(".")]

    def select(self, names: Iterable[str]) -> list[ProblemSet]:
        """Return the named problem sets, all of them if no name is given.

        Raises
        ------
        CourseError
            If a name is not a problem set's; suggests the nearest one. ``ps1`` will do for ``ps1_randomness``.
        """
        known = {problem_set.name: problem_set for problem_set in self.problem_sets}
        short = {name.split("_")[0]: name for name in known}
        wanted = [short.get(Path(name).stem, Path(name).stem) for name in names]
        for name in wanted:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise CourseError(f"There is no problem set {name!r}.{hint} Problem sets: {', '.join(known)}.")
        return [problem_set for problem_set in self.problem_sets if not wanted or problem_set.name in wanted]


def find_course(start: Path | None = None) -> Course:
    """Find the repository that a folder lies in.

    Parameters
    ----------
    start : Path, optional
        Default: the working folder.

    Raises
    ------
    CourseError
        If neither it nor a folder above it has a folder ``solutions``.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "solutions").is_dir():
            return Course(folder)
    raise CourseError(f"{start} is not inside the course's repository. Change to it, or name it with --root.")


def _problems_of_cell(cell: Any) -> Iterator[str]:
    meta = _meta(cell)
    if meta["grade"] and not _is_number(meta.get("points")):
        yield "it is graded, but has no points. Give it some in nbgrader's toolbar."
    elif meta["grade"] and _points(cell) <= 0:
        yield f"it is worth {_points(cell):g} points. Give it more than 0, or make it no test."
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
        yield from _problems_of_test(cell.source)


def _problems_of_test(source: str) -> Iterator[str]:
    try:
        last = ast.parse(source).body[-1:]
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}. Mend it."
        return
    if not last:
        yield "it tests nothing, and every answer would pass. Write a test."
    elif isinstance(last[0], ast.Expr) and not _is_check(last[0].value):
        yield (
            "it ends with an expression, whose value nbgrader would take for partial credit. End it with a check, "
            "or assign the value to a name."
        )


def _is_check(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("check_")


def _meta(cell: Any) -> dict[str, Any]:
    return dict(cell.metadata.get("nbgrader", {}))


def _points(cell: Any) -> float:
    return float(_meta(cell).get("points", 0))


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


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def _raise_if(problems: list[str]) -> None:
    if problems:
        raise CourseError(problems[0], details="\n".join(f"Also: {problem}" for problem in problems[1:]))
