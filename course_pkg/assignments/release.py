"""Make the releases that are committed, and tell whether they still are what nbgrader makes of the sources."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from course_pkg.assignments.marking import generate
from course_pkg.assignments.problem_sets import ProblemSet
from course_pkg.errors import CourseError
from course_pkg.files import write_atomically

__all__ = ["build", "check_current"]


def build(problem_sets: Sequence[ProblemSet]) -> dict[str, bool]:
    """Write the releases into ``assignments/``, as ``nbgrader generate_assignment`` makes them.

    Parameters
    ----------
    problem_sets : sequence of ProblemSet

    Returns
    -------
    dict of str to bool
        Problem set to whether its release has changed.

    Raises
    ------
    CourseError
        If a source has the wrong form, or nbgrader refuses it. Nothing is written then.
    """
    made = {}
    for problem_set in problem_sets:
        problem_set.read()
        with tempfile.TemporaryDirectory() as folder:
            made[problem_set] = generate(problem_set, Path(folder)).read_text(encoding="utf-8")
    changed = {}
    for problem_set, text in made.items():
        before = problem_set.release.read_text(encoding="utf-8") if problem_set.release.is_file() else None
        changed[problem_set.name] = text != before
        if text != before:
            write_atomically(problem_set.release, text)
        for path in problem_set.release.parent.iterdir():
            if path.is_file() and path != problem_set.release:
                path.unlink()  # what a former source had beside it
    return changed


def check_current(problem_set: ProblemSet, generated: Path) -> None:
    """Refuse a release that is not what nbgrader makes of the source.

    Parameters
    ----------
    problem_set : ProblemSet
    generated : Path
        What nbgrader has just made.

    Raises
    ------
    CourseError
        If the release is missing, differs, or has company; names the first cell that differs.
    """
    where = problem_set.release.relative_to(problem_set.root).as_posix()
    cure = f"Run `course assignments build {problem_set.name}`, and commit it with the source."
    if not problem_set.release.is_file():
        raise CourseError(f"{where} is missing. {cure}")
    others = [path.name for path in sorted(problem_set.release.parent.iterdir()) if path != problem_set.release]
    others = [name for name in others if name != ".ipynb_checkpoints"]
    if others:
        raise CourseError(f"{where} has company that no source makes: {others[0]}. {cure}")
    if problem_set.release.read_bytes() != generated.read_bytes():
        raise CourseError(f"{where} is stale: {_difference(problem_set.release, generated)}. {cure}")


def _difference(release: Path, generated: Path) -> str:
    try:
        old = nbformat.read(release, as_version=4).cells
    except (ValueError, nbformat.ValidationError):
        return "it is no valid notebook"
    new = nbformat.read(generated, as_version=4).cells
    for number, (one, two) in enumerate(zip(old, new, strict=False), start=1):
        if one != two:
            return f"cell {number} ('{two.metadata.get('nbgrader', {}).get('grade_id', two.id)}') differs"
    return (
        f"it has {len(old)} cells, and the source makes {len(new)}" if len(old) != len(new) else "its metadata differ"
    )
