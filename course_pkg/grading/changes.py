"""Change the gradebook and the graded files of many students together, and finish what a killed run has begun.

All that is to be done is first written into the change's folder, ``grading/regrades/NAME``, as ``regrade.json`` or
``undo.json``. Then the gradebook changes in one transaction, then each student's files, then the audit trail gets its
lines, and last ``….done`` says that it is done. Where that is missing, `finish_interrupted` does the rest.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from course_pkg.errors import CourseError
from course_pkg.files import write_atomically
from course_pkg.grading import audit, gradebook
from course_pkg.grading.batch import alone, replace_folder
from course_pkg.grading.places import Places
from course_pkg.grading.taking_back import automatic

__all__ = ["Action", "Change", "begin", "course_within", "finish", "finish_interrupted", "last_applied", "regrades"]

Action = Literal["regrade", "undo"]

_FILES_OF = {"regrade": "new", "undo": "old"}


@dataclass(frozen=True)
class Change:
    """From what, to what.

    Parameters
    ----------
    problem_set : str
    before, after : mapping
        Of the gradebook, as `gradebook.snapshot` returns them.
    students : tuple of str
        Those whose graded files are replaced.
    entries : tuple of audit.Entry
    """

    problem_set: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    students: tuple[str, ...]
    entries: tuple[audit.Entry, ...]


def regrades(places: Places) -> Path:
    """Return the folder of all changes."""
    return places.grading / "regrades"


def course_within(places: Places, root: Path) -> Places:
    """Return a course in another folder that has its own gradebook, releases, graded files and outcomes.

    Sources and submissions are those of the course itself.

    Parameters
    ----------
    places : Places
    root : Path
    """
    config = copy.deepcopy(places.config)
    config.CourseDirectory.source_directory = str(places.source("*").parent)
    config.CourseDirectory.submitted_directory = str(places.submitted("*", "*").parent.parent)
    config.CourseDirectory.release_directory = "release"
    config.CourseDirectory.autograded_directory = "autograded"
    config.CourseDirectory.db_url = "sqlite:///gradebook.db"
    return Places(root, config, places.settings)


def begin(places: Places, folder: Path, action: Action, change: Change) -> None:
    """Write down what is to be done. From here on, it will be done.

    Parameters
    ----------
    places : Places
    folder : Path
        The change's own. For a regrade it holds the new files in ``new``; an undo finds the old ones in ``old``.
    action : {"regrade", "undo"}
    change : Change
    """
    if action == "regrade":
        shutil.rmtree(folder / "old", ignore_errors=True)
        for student in change.students:
            _copy_graded(places, course_within(places, folder / "old"), change.problem_set, student)
    write_atomically(folder / f"{action}.json", json.dumps(asdict(change), ensure_ascii=False))


def finish(places: Places, folder: Path, action: Action) -> None:
    """Do what is written down, or the rest of it.

    Parameters
    ----------
    places : Places
    folder : Path
    action : {"regrade", "undo"}

    Raises
    ------
    Changed
        If the gradebook was changed before this change could take effect. The change is dropped.
    """
    change = _read(folder / f"{action}.json")
    current = gradebook.snapshot(places.db_url, change.problem_set)
    try:
        if current == change.before:
            gradebook.restore(places.db_url, change.problem_set, change.after, expected=change.before)
            current = dict(change.after)
        elif not _took_effect(current, change):
            raise gradebook.Changed(f"The gradebook of {change.problem_set} was changed since. Nothing was written.")
    except gradebook.Changed:
        (folder / f"{action}.json").unlink()
        raise
    source = course_within(places, folder / _FILES_OF[action])
    for student in change.students:
        now, then = (side["submissions"].get(student) for side in (current, change.after))
        if automatic(now) == automatic(then):  # else somebody has graded it anew since
            _copy_graded(source, places, change.problem_set, student)
    audit.append(places.audit, change.entries)
    write_atomically(folder / f"{action}.done", datetime.now(UTC).isoformat() + "\n")


def finish_interrupted(places: Places) -> list[str]:
    """Finish what killed runs have begun.

    Parameters
    ----------
    places : Places

    Returns
    -------
    list of str
        What was done, one line for each change.
    """
    said = []
    begun = list(_begun(places))
    if not begun:
        return []
    with alone(places):
        for folder, action in begun:
            try:
                finish(places, folder, action)
                said.append(f"The {action} {folder.name} had been interrupted; it is finished now.")
            except gradebook.Changed:
                said.append(f"The {action} {folder.name} had been interrupted before it changed a mark; it is dropped.")
    return said


def last_applied(places: Places) -> tuple[Path, Change]:
    """Return the last regrade that was applied and not undone.

    Parameters
    ----------
    places : Places

    Raises
    ------
    CourseError
        If there is none.
    """
    done = {path.parent: path.read_text(encoding="utf-8") for path in regrades(places).glob("*/regrade.done")}
    left = [folder for folder in done if not (folder / "undo.done").exists()]
    if not left:
        raise CourseError("There is no applied regrade to undo. `course grade history` shows what was changed.")
    folder = max(left, key=lambda folder: done[folder])
    return folder, _read(folder / "regrade.json")


def _begun(places: Places) -> Iterator[tuple[Path, Action]]:
    actions: tuple[Action, ...] = ("regrade", "undo")
    for folder in sorted(regrades(places).glob("*")):
        for action in actions:
            if (folder / f"{action}.json").exists() and not (folder / f"{action}.done").exists():
                yield folder, action


def _read(path: Path) -> Change:
    data = json.loads(path.read_text(encoding="utf-8"))
    entries = tuple(audit.Entry(**entry) for entry in data.pop("entries"))
    return Change(**{**data, "students": tuple(data["students"])}, entries=entries)


def _took_effect(current: Mapping[str, Any], change: Change) -> bool:
    """Tell whether the transaction was committed, though other things have happened to the gradebook since.

    As it is committed as a whole, one student who has what only it gives is enough.
    """
    if current == change.after:
        return True
    sides = (change.before["submissions"], change.after["submissions"], current["submissions"])
    marks = [[automatic(side.get(student)) for side in sides] for student in {*sides[0], *sides[1]}]
    changed = [(after, now) for before, after, now in marks if before != after]
    if changed:
        return any(after == now for after, now in changed)
    # No mark tells it. The structure may be of the new release without us, but then nothing is lost by saying so.
    return bool(change.before["structure"] != change.after["structure"] == current["structure"])


def _copy_graded(source: Places, target: Places, problem_set: str, student: str) -> None:
    """Make a student's graded files in one course those of another; where there are none, remove them."""
    folder, place = source.autograded(problem_set, student), target.autograded(problem_set, student)
    if folder.is_dir():
        found = [path for path in folder.rglob("*") if path.is_file()]
        replace_folder(place, {path.relative_to(folder).as_posix(): path.read_bytes() for path in found})
    elif place.is_dir():
        shutil.rmtree(place)
    outcome, place = source.outcome(problem_set, student), target.outcome(problem_set, student)
    if outcome.is_file():
        write_atomically(place, outcome.read_text(encoding="utf-8"))
    else:
        place.unlink(missing_ok=True)
