"""Rebuild what is graded: the pristine release, with the text of the student's solution cells in it.

Everything else in a submission is dropped: metadata, outputs, attachments, tags, the kernel that it names, tests
that were edited, deleted or duplicated, cells of the student's own. What was dropped and might matter is written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
from nbgrader.preprocessors import NbGraderPreprocessor  # type: ignore[import-untyped]
from traitlets import Integer

from course_pkg.errors import CourseError

__all__ = ["Deviation", "RebuildFromRelease", "rebuilt"]


class Deviation(NamedTuple):
    """How a submission differs from what was handed out, beyond its answers."""

    cell: str
    what: str

    def __str__(self) -> str:
        """Return it as one line of a report."""
        return f"{self.cell}: {self.what}"


class RebuildFromRelease(NbGraderPreprocessor):  # type: ignore[misc]
    """The first of nbgrader's sanitize preprocessors.

    The deviations go into the notebook, as ``metadata["course_grading"]["deviations"]``: a list of ``cell``, ``what``.
    A student cannot forge them, for the notebook is the release.
    """

    longest_cell = Integer(200_000, help="Characters of a solution cell; what is longer is cut.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Return the rebuilt notebook."""
        names = resources["nbgrader"]
        release = _release(CourseDirectory(parent=self), names["assignment"], names["notebook"])
        notebook, deviations = rebuilt(nb, release, self.longest_cell)
        for deviation in deviations:
            self.log.warning("%s/%s: %s", names["student"], names["notebook"], deviation)
        notebook.metadata["course_grading"] = {"deviations": [deviation._asdict() for deviation in deviations]}
        return notebook, resources


def rebuilt(submitted: Any, release: Any, longest_cell: int = 200_000) -> tuple[Any, list[Deviation]]:
    """Put the submitted solutions into the release.

    Parameters
    ----------
    submitted, release : NotebookNode
    longest_cell : int

    Returns
    -------
    notebook : NotebookNode
        The release, changed in place.
    deviations : list of Deviation
    """
    answers, deviations = _answers(submitted)
    known = {cell.metadata.nbgrader.grade_id: cell for cell in release.cells if "nbgrader" in cell.metadata}
    deviations += _changes(submitted, known)
    for name, cell in known.items():
        if not utils.is_solution(cell):
            continue
        if name not in answers:
            deviations.append(Deviation(name, "the solution cell is missing; it counts as unanswered"))
        elif len(answers[name]) > longest_cell:
            deviations.append(Deviation(name, f"{len(answers[name]):,} characters, cut to {longest_cell:,}"))
            cell.source = answers[name][:longest_cell]
        else:
            cell.source = answers[name]
    return release, deviations


def _release(folders: Any, assignment: str, notebook: str) -> Any:
    path = Path(folders.format_path(folders.release_directory, ".", assignment)) / f"{notebook}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"Cannot read the release {path}. `nbgrader generate_assignment {assignment}` makes it."
        ) from error


def _grade_id(cell: Any) -> str | None:
    """Return a submitted cell's grade_id; anybody may have written anything there."""
    own = cell.get("metadata", {}).get("nbgrader")
    name = own.get("grade_id") if isinstance(own, dict) else None
    return name if isinstance(name, str) and name else None


def _answers(submitted: Any) -> tuple[dict[str, str], list[Deviation]]:
    """Return the text of each named cell; of a duplicated one, the first's."""
    answers: dict[str, str] = {}
    for cell in submitted.cells:
        name = _grade_id(cell)
        if name is not None and name not in answers:
            answers[name] = str(cell.source)
    times = Counter(name for cell in submitted.cells if (name := _grade_id(cell)))
    return answers, [Deviation(n, f"is there {t} times; the first one counts") for n, t in times.items() if t > 1]


def _changes(submitted: Any, known: dict[str, Any]) -> Iterator[Deviation]:
    seen = set()
    for cell in submitted.cells:
        name = _grade_id(cell)
        if name is None:
            continue
        if name not in known:
            yield Deviation(name, "no such cell was handed out; it is left out")
        elif name not in seen:
            yield from _changes_of(cell, known[name], name)
        seen.add(name)
    for name, original in known.items():
        if name not in seen and not utils.is_solution(original):
            yield Deviation(name, "was deleted; it is put back")


def _changes_of(cell: Any, original: Any, name: str) -> Iterator[Deviation]:
    if cell.cell_type != original.cell_type:
        yield Deviation(name, f"was made a {cell.cell_type} cell; it is a {original.cell_type} cell again")
    if not utils.is_solution(original) and str(cell.source) != original.source:
        yield Deviation(name, "was edited; the original counts")
    own = cell.metadata.nbgrader
    for key in ("grade", "solution", "locked", "points", "schema_version"):
        if key in original.metadata.nbgrader and own.get(key) != original.metadata.nbgrader[key]:
            yield Deviation(name, f"says {key}: {own.get(key)!r}; {original.metadata.nbgrader[key]!r} counts")
    tags = cell.metadata.get("tags")
    if tags and tags != original.metadata.get("tags"):
        yield Deviation(name, f"was given tags {tags!r}; they have no effect")
