"""Look by content for what students must not see: solutions, hidden tests, and the answers that test the tests."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_pkg.assignments.contents import Contents
from course_pkg.assignments.problem_sets import ProblemSet
from course_pkg.assignments.regions import HIDDEN, SOLUTION, split

__all__ = ["leaks_in_archive", "leaks_in_folder", "public_lines", "secret_lines"]

# A shorter line, such as `return None`, tells nothing.
_TELLING = 20

Read = tuple[ProblemSet, Contents]


def secret_lines(problem_set: ProblemSet, contents: Contents) -> dict[str, str]:
    """Collect the lines that students must not see, but for those that the release shows anyway.

    Parameters
    ----------
    problem_set : ProblemSet
    contents : Contents

    Returns
    -------
    dict of str to str
        Line, without its indentation, to where it stands.
    """
    found: dict[str, str] = {}
    for cell in contents.notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for mark, what in ((SOLUTION, "the solution"), (HIDDEN, "a hidden test")):
            for line in split(cell.source, mark).inside:
                found.setdefault(line.strip(), f"{what} of the cell '{name}'")
    for task in contents.tasks:
        for answer in task.answers:
            for line in answer.text.splitlines():
                found.setdefault(line.strip(), answer.path.relative_to(problem_set.root).as_posix())
    public = public_lines(contents)
    return {line: where for line, where in found.items() if len(line) >= _TELLING and line not in public}


def public_lines(contents: Contents) -> set[str]:
    """Collect the lines of the source that nbgrader leaves in the release.

    Parameters
    ----------
    contents : Contents
    """
    found: set[str] = set()
    for cell in contents.notebook.cells:
        outside = split("\n".join(split(cell.source, SOLUTION).outside), HIDDEN).outside
        found |= {line.strip() for line in outside}
    return found


def leaks_in_folder(folder: Path, problem_sets: Iterable[Read]) -> list[str]:
    """Find secrets in the files below a folder.

    Parameters
    ----------
    folder : Path
    problem_sets : iterable of (ProblemSet, Contents)
        Whose secrets are looked for.

    Returns
    -------
    list of str
        One sentence for each secret line that is found.
    """
    files = {path.as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return list(_leaks(files.items(), list(problem_sets)))


def leaks_in_archive(archive: Path, problem_sets: Iterable[Read], public: Iterable[str] = ()) -> list[str]:
    """Find secrets in the files of a zip, and of the wheels in it.

    Parameters
    ----------
    archive : Path
    problem_sets : iterable of (ProblemSet, Contents)
    public : iterable of str
        More lines that anybody may see, such as those of the lab.

    Returns
    -------
    list of str
    """
    return list(_leaks(_members(archive.name, archive.read_bytes()), list(problem_sets), set(public)))


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            inner = archive.read(member)
            if member.endswith((".whl", ".zip")):
                yield from _members(f"{name}/{member}", inner)
            else:
                yield f"{name}/{member}", inner


def _leaks(
    files: Iterable[tuple[str, bytes]], problem_sets: list[Read], public: set[str] | None = None
) -> Iterator[str]:
    secrets: dict[str, str] = {}
    for problem_set, contents in problem_sets:
        secrets |= secret_lines(problem_set, contents)
    secrets = {line: where for line, where in secrets.items() if line not in (public or set())}
    marks = [mark for kind in (SOLUTION, HIDDEN) for mark in (kind.begin, kind.end)]
    for name, data in files:
        text = _text(name, data)
        for mark in marks:
            if mark in text:
                yield f"{name} has the mark `{mark}`: nbgrader has not removed it. Build the release anew."
        for line in {line.strip() for line in text.splitlines()} & secrets.keys():
            yield f"{name} leaks {secrets[line]}: `{line}`. Take it out of the source's visible part, or build anew."


def _text(name: str, data: bytes) -> str:
    """Return what a reader of the file sees; of a notebook, the sources and outputs of its cells."""
    text = data.decode("utf-8", "ignore")
    if not name.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(cell["source"]) + "\n" + json.dumps(cell.get("outputs", "")) for cell in cells)
