"""Grade submissions again by the tests as they are now: first in a scratch course, and in the gradebook when told so.

A regrade has a folder of its own, ``grading/regrades/NAME``. In ``NAME/new`` lies the scratch course: releases made of
the current sources, a copy of the gradebook with the cells that these have, and what grading gives. Nothing else is
touched until the regrade is applied.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.converters import GenerateAssignment  # type: ignore[import-untyped]
from nbgrader.converters.base import NbGraderException  # type: ignore[import-untyped]
from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]

from course_pkg.errors import CourseError
from course_pkg.files import write_atomically
from course_pkg.grading import audit, batch, changes, gradebook
from course_pkg.grading.database import create
from course_pkg.grading.differences import Difference, differences, errors_of
from course_pkg.grading.places import Places
from course_pkg.grading.taking_back import taken_back

__all__ = ["Regrade", "Undone", "apply", "note_shown", "prepare", "undo"]

_INPUTS = "inputs.json"
_SHOWN = "shown.json"


@dataclass(frozen=True)
class Regrade:
    """What grading again would change.

    Parameters
    ----------
    folder : Path
    problem_set : str
    students : tuple of str
        The ones that were named; empty for all.
    source : str
        SHA-256 of the source.
    before, after : mapping
        The gradebook now and after it, as `gradebook.snapshot` returns them.
    differences : list of Difference
    outcomes : dict of str to dict
        Student to how the submission was graded.
    anew : tuple of str
        What has changed since somebody was shown the difference; empty if nothing, or nothing was shown.
    surprising : bool
        Whether the difference is another one than was shown.
    release : str
        What to do about the released notebook; empty if it is made of the current source.
    """

    folder: Path
    problem_set: str
    students: tuple[str, ...]
    source: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    differences: list[Difference]
    outcomes: dict[str, dict[str, Any]]
    anew: tuple[str, ...]
    surprising: bool
    release: str

    @property
    def graded(self) -> tuple[str, ...]:
        """The students who were graded."""
        return tuple(student for student, outcome in self.outcomes.items() if outcome.get("status") == "graded")

    @property
    def not_graded(self) -> dict[str, str]:
        """Students who keep their marks, and why."""
        reasons = {
            student: str(outcome.get("reason"))
            for student, outcome in self.outcomes.items()
            if student not in self.graded
        }
        gone = [] if self.students else sorted(set(self.before["submissions"]) - set(self.outcomes))
        return {**reasons, **dict.fromkeys(gone, "what was handed in is not there any more")}


@dataclass(frozen=True)
class Undone:
    """What was taken back.

    Parameters
    ----------
    name, problem_set : str
        Of the regrade.
    differences : list of Difference
    kept : list of str
        Students who were graded anew since then, and keep their marks and files.
    """

    name: str
    problem_set: str
    differences: list[Difference]
    kept: list[str]


def prepare(
    places: Places,
    problem_set: str,
    students: Collection[str],
    executor: Executor,
    jobs: int,
    progress: batch.Progress = lambda name, done, of: None,
) -> Regrade:
    """Grade submissions by the current source, in a scratch course. What was graded there before is not repeated.

    Parameters
    ----------
    places : Places
    problem_set : str
    students : collection of str
        Default: all who have handed in.
    executor : Executor
    jobs : int
        How many submissions it grades at a time.
    progress : callable, optional

    Raises
    ------
    CourseError
        If the gradebook does not know the problem set, nobody has handed in, or nbgrader refuses the source.
    """
    selected = batch.select(places, [problem_set], students)
    chosen = tuple(sorted(set(students)))
    before = gradebook.snapshot(places.db_url, problem_set)
    folder, inputs = _draft(places, problem_set, chosen, before)
    scratch = changes.course_within(places, folder / "new")
    summary = batch.grade(scratch, selected, executor, jobs, audited=False, progress=progress)
    outcomes = {one.student: batch.read_outcome(scratch, problem_set, one.student) or {} for one in selected}
    former = {one.student: batch.read_outcome(places, problem_set, one.student) or {} for one in selected}
    after = _settled(places, scratch, before, gradebook.snapshot(scratch.db_url, problem_set))
    found = differences(
        before, after, *({name: errors_of(one) for name, one in side.items()} for side in (former, outcomes))
    )
    shown = _read_json(folder / _SHOWN)
    return Regrade(
        folder=folder,
        problem_set=problem_set,
        students=chosen,
        source=inputs["source"],
        before=before,
        after=after,
        differences=found,
        outcomes=outcomes,
        anew=tuple(_changed(shown["inputs"], inputs, summary)) if shown else (),
        surprising=bool(shown) and shown["differences"] != _as_data(found),
        release=_about_release(places, scratch, problem_set),
    )


def note_shown(regrade: Regrade) -> None:
    """Remember that somebody has seen what the regrade would change.

    Parameters
    ----------
    regrade : Regrade
    """
    shown = {"inputs": _read_json(regrade.folder / _INPUTS), "differences": _as_data(regrade.differences)}
    write_atomically(regrade.folder / _SHOWN, json.dumps(shown))


def apply(places: Places, regrade: Regrade, why: str) -> None:
    """Make the gradebook and the graded files what the regrade gave.

    Marks and comments given by hand stay. A run that is killed meanwhile is finished by the next.

    Parameters
    ----------
    places : Places
    regrade : Regrade
    why : str
        For the audit trail.

    Raises
    ------
    CourseError
        If cells were added, removed or changed, and only some students were graded; or if somebody has changed the
        gradebook in the meantime. Nothing is changed then.
    """
    others = sorted(set(regrade.before["submissions"]) - set(regrade.students))
    if regrade.students and others and _tasks(regrade.before) != _tasks(regrade.after):
        raise CourseError(
            f"The tests or points of {regrade.problem_set} have changed, which concerns all students. "
            f"Regrade also {', '.join(others[:3])}{' …' if others[3:] else ''}: leave out --students."
        )
    environments = {student: outcome.get("environment", {}) for student, outcome in regrade.outcomes.items()}
    entries = audit.entries(
        regrade.differences,
        action="regrade",
        change=regrade.folder.name,
        problem_set=regrade.problem_set,
        source=regrade.source,
        environments=environments,
        why=why,
    )
    change = changes.Change(regrade.problem_set, regrade.before, regrade.after, regrade.graded, entries)
    with batch.alone(places):
        changes.begin(places, regrade.folder, "regrade", change)
        changes.finish(places, regrade.folder, "regrade")
    for draft in _drafts(places, regrade.problem_set):
        shutil.rmtree(draft)


def undo(places: Places, why: str) -> Undone:
    """Take the last applied regrade back: marks, cells, graded files. What people wrote since then stays.

    Parameters
    ----------
    places : Places
    why : str
        For the audit trail.

    Raises
    ------
    CourseError
        If there is none, or the problem set's cells were changed by something else since then.
    """
    with batch.alone(places):
        folder, change = changes.last_applied(places)
        current = gradebook.snapshot(places.db_url, change.problem_set)
        if current["structure"]["notebooks"] != change.after["structure"]["notebooks"]:
            raise CourseError(
                f"The cells of {change.problem_set} in the gradebook were changed since {folder.name} was applied, "
                "perhaps by `nbgrader generate_assignment`, so it cannot be undone. Regrade instead."
            )
        target, kept = taken_back(change.before, change.after, current)
        students = tuple(student for student in change.students if student not in kept)
        found = differences(current, target, {}, {})
        source = change.entries[0].source if change.entries else ""
        entries = audit.entries(
            found,
            action="undo",
            change=folder.name,
            problem_set=change.problem_set,
            source=source,
            environments={},
            why=why,
        )
        changes.begin(places, folder, "undo", changes.Change(change.problem_set, current, target, students, entries))
        changes.finish(places, folder, "undo")
    return Undone(folder.name, change.problem_set, found, kept)


# The scratch course


def _drafts(places: Places, problem_set: str) -> Iterator[Path]:
    """Return the regrades that were prepared and not applied."""
    for folder in sorted(changes.regrades(places).glob("*_*")):
        if folder.name.split("_", 1)[1] == problem_set and not (folder / "regrade.json").exists():
            yield folder


def _draft(
    places: Places, problem_set: str, students: tuple[str, ...], before: Mapping[str, Any]
) -> tuple[Path, dict[str, Any]]:
    """Return the folder to grade in, and what decides the marks. One that was begun is gone on with."""
    former = [
        (draft, inputs)
        for draft in _drafts(places, problem_set)
        if (inputs := _read_json(draft / _INPUTS)) and inputs["students"] == list(students)
    ]
    folder = _new_folder(places, problem_set)
    scratch = changes.course_within(places, folder / "new")
    inputs = {
        "students": list(students),
        "source": audit.digest(places.source(problem_set)),
        "structure": _make_release(scratch, problem_set),
        "release": audit.digest(scratch.release(problem_set)),
        "before": before,
    }
    for draft, theirs in former:
        if theirs == inputs:
            shutil.rmtree(folder)
            return draft, inputs
    gradebook.restore(scratch.db_url, problem_set, before)
    gradebook.apply(scratch.db_url, inputs["structure"], {})
    for draft, _ in former:
        if (draft / _SHOWN).exists():
            shutil.copy(draft / _SHOWN, folder)
    write_atomically(folder / _INPUTS, json.dumps(inputs, ensure_ascii=False))
    for draft, _ in former:
        shutil.rmtree(draft)
    return folder, inputs


def _new_folder(places: Places, problem_set: str) -> Path:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}_{problem_set}"
    folder = changes.regrades(places) / name
    (folder / "new").mkdir(parents=True)
    return folder


def _make_release(scratch: Places, problem_set: str) -> dict[str, Any]:
    """Let nbgrader make the release, and return the cells that it finds. If it refuses, no regrade is left."""
    db_url = f"sqlite:///{scratch.root / 'release.db'}"
    config = copy.deepcopy(scratch.config)
    config.CourseDirectory.update(root=str(scratch.root), db_url=db_url, assignment_id=problem_set)
    said: list[str] = []
    create(db_url)
    log = _log_into(said)
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
    except NbGraderException as error:
        shutil.rmtree(scratch.root.parent)
        raise CourseError(
            f"nbgrader cannot make a release of {scratch.source(problem_set)}. Mend the source; these are its words.",
            details="\n".join(said),
        ) from error
    return gradebook.structure(db_url, problem_set)


def _log_into(said: list[str]) -> logging.Logger:
    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    log = logging.Logger(__name__)
    log.addHandler(Collector(logging.ERROR))
    return log


# What came out


def _settled(places: Places, scratch: Places, before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for a person's mark only where there is something new to look at.

    nbgrader asks for it anew for each mark given by hand when it grades again, which after a regrade would be the
    essays of the whole class.
    """
    after = copy.deepcopy(after)
    problem_set = after["structure"]["name"]
    for student, data in after["submissions"].items():
        former = before["submissions"].get(student, {"notebooks": {}})["notebooks"]
        for name, marks in data["notebooks"].items():
            paths = [side.autograded(problem_set, student) / f"{name}.ipynb" for side in (places, scratch)]
            if name not in former or _answers(paths[0]) != _answers(paths[1]):
                continue
            for task, grade in marks["grades"].items():
                old = former[name]["grades"].get(task)
                if old and {**old, "needs_manual_grade": None} == {**grade, "needs_manual_grade": None}:
                    grade["needs_manual_grade"] = old["needs_manual_grade"]
    return after


def _answers(path: Path) -> dict[str, str] | None:
    """Return the text of each solution cell of a graded notebook."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if utils.is_solution(cell)}


def _tasks(snapshot: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return what all submissions have in common: the cells with marks or comments, and their points."""
    return [
        (name, cell["kind"], cell["name"], cell.get("max_score"))
        for name, notebook in snapshot["structure"]["notebooks"].items()
        for cell in notebook["cells"]
        if cell["kind"] != "source"
    ]


def _changed(shown: Mapping[str, Any], inputs: Mapping[str, Any], summary: batch.Summary) -> Iterator[str]:
    """Say what is not as it was when the difference was shown."""
    if shown["source"] != inputs["source"]:
        yield "the source"
    elif (shown["structure"], shown["release"]) != (inputs["structure"], inputs["release"]):
        yield "what nbgrader makes of the source"
    old, new = shown["before"]["submissions"], inputs["before"]["submissions"]
    if names := sorted(name for name in {*old, *new} if old.get(name) != new.get(name)):
        yield f"the marks of {', '.join(names)}"
    elif shown["before"] != inputs["before"]:
        yield "the problem set in the gradebook"
    if shown == inputs and summary.graded:
        names = sorted(outcome["student"] for outcome in summary.graded)
        yield f"the submissions of {', '.join(names)}, or how they are graded"


def _about_release(places: Places, scratch: Places, problem_set: str) -> str:
    ours, theirs = places.release(problem_set), scratch.release(problem_set)
    if audit.digest(ours) == audit.digest(theirs):
        return ""
    return (
        f"{ours.relative_to(places.root).as_posix()} is not made of the current source: "
        f"`course assignments build {problem_set}` makes it anew."
    )


def _as_data(found: Sequence[Difference]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(one) for one in found]


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
