"""The problem sets as readers meet them: a page that lists all, and at the end of a chapter its own.

A set in ``assignments/psN_NAME/`` belongs to the chapter NAME. Only released notebooks are read here.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_pkg.errors import CourseError
from course_pkg.publishing.book import Book

__all__ = ["PAGE", "ProblemSet", "find", "notebooks", "section", "write"]

PAGE = "problem_sets"
_NAME = re.compile(r"ps(\d+)_(\w+)")


@dataclass(frozen=True)
class ProblemSet:
    """A released problem set.

    Parameters
    ----------
    path : Path
        Its notebook.
    chapter : str
        The chapter that it belongs to.
    title : str
        Its first heading.
    tasks : int
        How many tasks it has.
    points : float
        All points together.
    by_hand : float
        Those of them that a person gives.
    """

    path: Path
    chapter: str
    title: str
    tasks: int
    points: float
    by_hand: float

    @property
    def student_zip(self) -> str:
        """The name of the zip for students."""
        return f"{self.path.stem}.zip"

    @property
    def link(self) -> str:
        """The notebook as a download, in Markdown."""
        return f"{{download}}`{self.path.name} </{PAGE}/{self.path.name}>`"


def find(book: Book) -> list[ProblemSet]:
    """Return the released problem sets in their order.

    Raises
    ------
    CourseError
        If a release cannot be read.
    """
    return [_read(path) for path in notebooks(book)]


def notebooks(book: Book) -> list[Path]:
    """Return where the released notebooks are, in the order of the problem sets."""
    numbers = {path: _NAME.fullmatch(path.name) for path in (book.root / "assignments").glob("ps*")}
    found = {path: int(number[1]) for path, number in numbers.items() if number}
    return [folder / f"{folder.name}.ipynb" for folder in sorted(found, key=found.__getitem__)]


def section(problem_set: ProblemSet) -> str:
    """Return what stands at the end of the set's chapter."""
    return (
        "## Problem set\n\n"
        f"{problem_set.title}: {problem_set.tasks} tasks, {problem_set.points:g} points. Download {problem_set.link}; "
        f"how to work on it and how it is marked stands in {{doc}}`/{PAGE}`.\n"
    )


def write(sets: list[ProblemSet], target: Path, zips: str | None) -> None:
    """Complete the page by its table, and put the notebooks where readers can download them.

    Parameters
    ----------
    sets : list of ProblemSet
    target : Path
        The folder that Sphinx reads.
    zips : str or None
        The site's folder of zips for students; None if it has none.
    """
    (target / PAGE).mkdir()
    for problem_set in sets:
        shutil.copyfile(problem_set.path, target / PAGE / problem_set.path.name)
    rows = [
        f"| {one.title} | {{doc}}`chapters/{one.chapter}` | {one.tasks} "
        f"| {one.points - one.by_hand:g} + {one.by_hand:g} | {one.link}{_zip(one, zips)} |"
        for one in sets
    ]
    heading = ["| problem set | chapter | tasks | points: by tests + by hand | notebook |", "|---|---|---|---|---|"]
    page = target / f"{PAGE}.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n" + "\n".join([*heading, *rows]) + "\n", encoding="utf-8")


def _zip(one: ProblemSet, folder: str | None) -> str:
    return f'; <a href="{folder}/{one.student_zip}" download>with all that it needs</a>' if folder else ""


def _read(path: Path) -> ProblemSet:
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError) as error:
        raise CourseError(f"Cannot read the problem set {path}. `course assignments build` makes it anew.") from error
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    graded = [cell.metadata.nbgrader for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return ProblemSet(
        path=path,
        chapter=_NAME.fullmatch(path.stem)[2],  # type: ignore[index]
        title=re.search(r"^# (.+)$", text, re.M)[1],  # type: ignore[index]
        tasks=len(re.findall(r"^## Task \d+", text, re.M)),
        points=sum(own.points for own in graded),
        by_hand=sum(own.points for own in graded if own.solution),
    )
