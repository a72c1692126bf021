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

__all__ = ["PAGE", "ProblemSet", "find", "is_in_contents", "section", "write"]

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
    folders = [path for path in (book.root / "assignments").glob("ps*") if _NAME.fullmatch(path.name)]
    return [_read(folder) for folder in sorted(folders, key=lambda path: int(_NAME.fullmatch(path.name)[1]))]  # type: ignore[index]


def section(problem_set: ProblemSet) -> str:
    """Return what stands at the end of the set's chapter."""
    return (
        "## Problem set\n\n"
        f"{problem_set.title}: {problem_set.tasks} tasks, {problem_set.points:g} points. Download {problem_set.link}; "
        f"how to work on it and how it is marked stands in {{doc}}`/{PAGE}`.\n"
    )


def is_in_contents(book: Book) -> bool:
    """Tell whether the table of contents lists the page."""
    return f"file: {PAGE}\n" in (book.source / "_toc.yml").read_text(encoding="utf-8")


def write(book: Book, target: Path) -> None:
    """Complete the page by its table, and put the notebooks where readers can download them."""
    sets = find(book)
    (target / PAGE).mkdir()
    for problem_set in sets:
        shutil.copyfile(problem_set.path, target / PAGE / problem_set.path.name)
    rows = [
        f"| {one.title} | {{doc}}`chapters/{one.chapter}` | {one.tasks} "
        f"| {one.points - one.by_hand:g} + {one.by_hand:g} | {one.link} |"
        for one in sets
    ]
    heading = ["| problem set | chapter | tasks | points: by tests + by hand | notebook |", "|---|---|---|---|---|"]
    page = target / f"{PAGE}.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n" + "\n".join([*heading, *rows]) + "\n", encoding="utf-8")


def _read(folder: Path) -> ProblemSet:
    path = folder / f"{folder.name}.ipynb"
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError) as error:
        raise CourseError(f"Cannot read the problem set {path}. `course assignments build` makes it anew.") from error
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    graded = [cell.metadata.nbgrader for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return ProblemSet(
        path=path,
        chapter=_NAME.fullmatch(folder.name)[2],  # type: ignore[index]
        title=re.search(r"^# (.+)$", text, re.M)[1],  # type: ignore[index]
        tasks=len(re.findall(r"^## Task \d+", text, re.M)),
        points=sum(own.points for own in graded),
        by_hand=sum(own.points for own in graded if own.solution),
    )
