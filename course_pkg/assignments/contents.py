"""What a problem set's source holds: tasks, their tests, and the answers that the tests are tested with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ILLUSTRATION", "Answer", "Contents", "Task", "TestCell", "is_illustration", "metadata", "points"]

ILLUSTRATION = "illustration"
"""The tag of a code cell that shows the reader something, and on which no answer and no test depends."""


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


def metadata(cell: Any) -> dict[str, Any]:
    """Return what nbgrader has noted about a cell; of an ordinary cell, nothing."""
    return dict(cell.metadata.get("nbgrader", {}))


def is_illustration(cell: Any) -> bool:
    """Tell whether a cell is there to be looked at only, so that a grading may leave it out."""
    return ILLUSTRATION in cell.metadata.get("tags", []) and not metadata(cell)


def points(cell: Any) -> float:
    """Return what a cell is worth."""
    return float(metadata(cell).get("points", 0))
