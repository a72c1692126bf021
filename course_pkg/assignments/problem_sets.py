"""Where the parts of a problem set lie, and how they are read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import nbformat

from course_pkg.assignments.contents import Answer, Contents, Task, TestCell, metadata, points
from course_pkg.assignments.form import TEST_NAME, problems_of_answers, problems_of_cells, problems_of_tasks
from course_pkg.assignments.regions import HIDDEN, split
from course_pkg.errors import CourseError

__all__ = ["Course", "ProblemSet", "find_course", "raise_all"]

_ANSWER_NAME = re.compile(r"(?P<kind>mutant|alternate)_\w+")


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
        where = self._relative(self.source)
        raise_all(problems_of_cells(notebook, where))
        cells = [cell for cell in notebook.cells if metadata(cell)]
        answers = list(self._answers())
        solutions = {
            metadata(cell)["grade_id"]: cell.source
            for cell in cells
            if metadata(cell)["solution"] and not metadata(cell)["grade"]
        }
        tasks = tuple(self._task(name, cells, answers) for name in solutions)
        by_hand = sum(points(cell) for cell in cells if metadata(cell)["grade"] and metadata(cell)["solution"])
        contents = Contents(notebook, tasks, by_hand)
        folder = self._relative(self.answers)
        raise_all(chain(problems_of_tasks(contents, where), problems_of_answers(answers, solutions, where, folder)))
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

    def _task(self, name: str, cells: list[Any], answers: list[Answer]) -> Task:
        tests = []
        for cell in cells:
            match = TEST_NAME.fullmatch(metadata(cell)["grade_id"])
            if match and match["task"] == name and metadata(cell)["grade"]:
                hidden = bool(split(cell.source, HIDDEN).inside)
                tests.append(TestCell(metadata(cell)["grade_id"], points(cell), hidden))
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


def raise_all(found: Iterable[str]) -> None:
    """Raise what was found as one error: the first as its message, the others below it. Do nothing if none was.

    Parameters
    ----------
    found : iterable of str

    Raises
    ------
    CourseError
    """
    problems = list(found)
    if problems:
        raise CourseError(problems[0], details="\n".join(f"Also: {problem}" for problem in problems[1:]))
