"""Grade many submissions, and keep what is done whatever happens in between.

Each submission is graded elsewhere (`executors`); what comes back is stored here, one by one, in an order that makes a
killed run harmless: first the autograded folder, then the gradebook in one transaction, last the outcome. A submission
without an outcome, or with one of other files or other tests, is graded again by the next run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import course_pkg
from course_pkg.errors import CourseError, Interrupted, cannot_write
from course_pkg.files import write_atomically
from course_pkg.grading import audit, gradebook
from course_pkg.grading.differences import differences, errors_of
from course_pkg.grading.places import Places
from course_pkg.grading.submissions import Submission, handed_out, read_submission
from course_pkg.grading.worker import Graded, Task, failure, grade_one, refusal

__all__ = ["Progress", "Summary", "alone", "grade", "read_outcome", "replace_folder", "select", "task_of"]

_AFTERWARDS = {
    "audit.py",
    "batch.py",
    "changes.py",
    "charts.py",
    "checking.py",
    "database.py",
    "demo.py",
    "differences.py",
    "executors.py",
    "export.py",
    "feedback.py",
    "gradebook.py",
    "items.py",
    "places.py",
    "regrade.py",
    "report.py",
    "similarity.py",
    "tables.py",
    "taking_back.py",
}
"""Modules of grading that cannot change a mark. A new one counts as if it could."""

_IN_VAIN = 3
"""After so many submissions in a row that cannot be stored, a run ends: it is not for what is in them."""

_OF_THIS_MACHINE = {"COURSE_NO_SKIP", "COURSE_WARM_STUDENT", "COURSE_WARM_EXAMINER"}


class Selected(NamedTuple):
    """A submission to look at."""

    problem_set: str
    student: str


@dataclass
class Summary:
    """What a run did.

    Parameters
    ----------
    graded : list of dict
        The outcomes of this run.
    finished : int
        How many had been finished before.
    """

    graded: list[dict[str, Any]] = field(default_factory=list)
    finished: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many outcomes there are of each status."""
        return Counter(outcome["status"] for outcome in self.graded)


Progress = Callable[[str, int, int], None]
"""Gets the name of the submission that is done, how many are done, and of how many."""


def select(places: Places, problem_sets: Sequence[str], students: Collection[str] = ()) -> list[Selected]:
    """List the submissions of problem sets.

    Parameters
    ----------
    places : Places
    problem_sets : sequence of str
    students : collection of str, optional
        Default: all.

    Raises
    ------
    CourseError
        If there are none, or a student has handed in nothing.
    """
    found = [Selected(name, student) for name in problem_sets for student in places.students(name)]
    missing = sorted(set(students) - {selected.student for selected in found})
    if missing:
        raise CourseError(f"Nothing was handed in by {', '.join(missing)} for {', '.join(problem_sets)}.")
    if not found:
        where = os.path.relpath(places.submitted(problem_sets[0], "STUDENT")) if problem_sets else "there"
        raise CourseError(f"There are no submissions. Put them into {where}, or collect them by nbgrader.")
    return [selected for selected in found if not students or selected.student in students]


def grade(
    places: Places,
    selected: Sequence[Selected],
    executor: Executor,
    jobs: int,
    *,
    force: bool = False,
    audited: bool = True,
    progress: Progress = lambda name, done, of: None,
) -> Summary:
    """Grade submissions that are not finished, and store what comes back.

    Parameters
    ----------
    places : Places
    selected : sequence of Selected
    executor : Executor
    jobs : int
        How many submissions it grades at a time; few more are read in advance.
    force : bool, default False
        Grade also what is finished.
    audited : bool, default True
        Tell the audit trail of marks that change because a submission is graded anew.
    progress : callable, optional

    Raises
    ------
    CourseError
        If the gradebook does not know a problem set, or nothing can be stored.
    Interrupted
        By Ctrl-C. What was graded until then is stored.
    """
    summary = Summary()
    in_vain = 0
    with alone(places):
        try:
            for task, graded in _outcomes(_tasks(places, selected, force), executor, jobs):
                if graded is None:
                    summary.finished += 1
                else:
                    graded = replace(graded, record=_readable(graded.record))
                    record, problem = _stored(places, task, graded, audited)
                    in_vain = in_vain + 1 if problem else 0
                    if problem and in_vain == _IN_VAIN:
                        raise problem
                    summary.graded.append(record)
                done = summary.finished + len(summary.graded)
                progress(task.submission.student, done, len(selected))
        except KeyboardInterrupt:
            raise Interrupted(
                f"Interrupted. {len(summary.graded)} submissions were graded and stored; "
                "run the command again for the others."
            ) from None
    return summary


def task_of(places: Places, problem_set: str, student: str) -> Task:
    """Read one submission.

    Parameters
    ----------
    places : Places
    problem_set, student : str
    """
    return _ProblemSet(places, problem_set).task(student)


def read_outcome(places: Places, problem_set: str, student: str) -> dict[str, Any] | None:
    """Return how a submission was graded; None if it was not.

    Parameters
    ----------
    places : Places
    problem_set, student : str
    """
    try:
        outcome: dict[str, Any] = json.loads(places.outcome(problem_set, student).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return outcome


# What is to be done


def _tasks(places: Places, selected: Sequence[Selected], force: bool) -> Iterator[tuple[Task, bool]]:
    """Read submissions one by one, and tell whether each has still to be graded."""
    sets = {name: _ProblemSet(places, name) for name in dict.fromkeys(one.problem_set for one in selected)}
    for one in selected:
        task = sets[one.problem_set].task(one.student)
        yield task, force or not _is_finished(places, task)


def _is_finished(places: Places, task: Task) -> bool:
    name, student = task.submission.problem_set, task.submission.student
    outcome = read_outcome(places, name, student)
    if outcome is None or outcome["fingerprint"] != task.fingerprint:
        return False
    return outcome["status"] != "graded" or places.autograded(name, student).is_dir()


class _ProblemSet:
    """What the tasks of a problem set have in common."""

    def __init__(self, places: Places, name: str) -> None:
        self._places = places
        self._name = name
        self._structure = gradebook.structure(places.db_url, name)
        self._listed = handed_out(places.release(name))
        self._release = _files(places.release(name))
        source = _files(places.source(name))
        self._source = {path: data for path, data in source.items() if not path.endswith(".ipynb")}
        for notebook in self._structure["notebooks"]:
            if f"{notebook}.ipynb" not in self._release:
                missing = places.release(name) / f"{notebook}.ipynb"
                raise CourseError(f"{missing} is missing. `nbgrader generate_assignment {name}` makes it.")
        self._environment = {
            key: value
            for key, value in sorted(os.environ.items())
            if key.startswith("COURSE_") and key not in _OF_THIS_MACHINE
        }
        seed = self._environment.get("COURSE_GRADING_SEED", "")
        shared = (self._structure, self._release, self._source, places.settings, seed, _code())
        self._fingerprint = _digest(shared)

    def task(self, student: str) -> Task:
        """Return what there is to do for a student."""
        folder = self._places.submitted(self._name, student)
        try:
            submission = read_submission(folder, student, self._name, self._listed)
        except OSError as error:  # gone since it was listed, or a disk that fails
            submission = Submission(student, self._name, {}, refused=f"It cannot be read: {error.strerror}.")
        before = gradebook.submission(self._places.db_url, self._name, submission.student)
        extension = before["extension"] if before else None
        fingerprint = _digest((self._fingerprint, submission, extension))
        return Task(
            submission,
            self._structure,
            before,
            self._release,
            self._source,
            self._places.config,
            self._environment,
            fingerprint,
        )


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _code() -> str:
    """Return a digest of the modules that may change a mark: the lab, and what grades."""
    package = Path(course_pkg.__file__).parent
    rooms = [
        package.glob("*.py"),
        *((package / room).rglob("*.py") for room in ("evaluation", "replicates", "grading")),
        [package / "assignments" / name for name in ("contents.py", "names.py")],
    ]
    paths = sorted(
        path for room in rooms for path in room if not (path.parent.name == "grading" and path.name in _AFTERWARDS)
    )
    return _digest([(path.relative_to(package).as_posix(), path.read_bytes()) for path in paths])


def _digest(things: Any) -> str:
    return hashlib.sha256(repr(things).encode()).hexdigest()


# Doing it


def _outcomes(
    tasks: Iterator[tuple[Task, bool]], executor: Executor, jobs: int
) -> Iterator[tuple[Task, Graded | None]]:
    """Grade tasks, a few at a time, since each holds a whole submission; None for what is finished."""
    running: dict[Future[Graded], Task] = {}
    for task, needed in tasks:
        if not needed:
            yield task, None
        elif task.submission.refused:
            yield task, refusal(task)
        else:
            running[executor.submit(grade_one, task)] = task
        while len(running) > jobs:
            yield from _completed(running)
    while running:
        yield from _completed(running)


def _completed(running: dict[Future[Graded], Task]) -> Iterator[tuple[Task, Graded]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        task = running.pop(future)
        try:
            yield task, future.result()
        except Exception as error:  # whatever a cluster may raise for a worker that is gone
            yield task, failure(task, f"The worker failed: {type(error).__name__}: {error}", may_pass=True)


# Storing it


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Let one run store at a time. The lock goes with the process, however it ends.

    Parameters
    ----------
    places : Places

    Raises
    ------
    CourseError
        If another run is at work.
    """
    try:
        places.grading.mkdir(parents=True, exist_ok=True)
        file = (places.grading / ".lock").open("w")
    except OSError as error:
        raise cannot_write(places.grading, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError("Another run is grading in this folder. Wait for it, or stop it.") from None
        yield


def _stored(places: Places, task: Task, graded: Graded, audited: bool) -> tuple[dict[str, Any], Exception | None]:
    """Store what came back; if that cannot be, for whatever there is in it, store that it could not, and say why."""
    try:
        _store(places, task, graded, audited)
    except Exception as error:
        reason = f"Its marks could not be stored: {error}"
        record = _readable(failure(task, reason, may_pass=True).record)
        _write(places.outcome(record["problem_set"], record["student"]), record)
        return record, error
    return graded.record, None


def _store(places: Places, task: Task, graded: Graded, audited: bool) -> None:
    name, student = task.submission.problem_set, task.submission.student
    outcome = places.outcome(name, student)
    former = _former(places, name, student) if audited and graded.rows is not None else None
    outcome.unlink(missing_ok=True)  # from here until the end, the submission counts as not graded
    if graded.rows is not None:
        replace_folder(places.autograded(name, student), graded.files)
        gradebook.merge(places.db_url, name, student, graded.rows)
    if former is not None:
        _note_changes(places, task, former["rows"], former["outcome"], graded.record)
        _former_file(places, name, student).unlink()
    _write(outcome, graded.record)


def _write(outcome: Path, record: dict[str, Any]) -> None:
    write_atomically(outcome, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _readable(record: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome without half characters, which a student's error message may hold and no file can."""
    text = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    readable: dict[str, Any] = json.loads(text)
    return readable


def _former(places: Places, name: str, student: str) -> dict[str, Any] | None:
    """Return the rows and the outcome of a submission that was graded before; None if it was not.

    They are kept in a file until the audit trail tells what has become of them, so that a killed run loses no entry.
    """
    file = _former_file(places, name, student)
    with suppress(OSError, ValueError):
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return kept
    outcome, rows = read_outcome(places, name, student), gradebook.submission(places.db_url, name, student)
    if outcome is None or rows is None:
        return None
    former = {"rows": rows, "outcome": outcome}
    write_atomically(file, json.dumps(former, ensure_ascii=False))
    return former


def _former_file(places: Places, name: str, student: str) -> Path:
    return places.outcome(name, student).with_suffix(".before")


def _note_changes(
    places: Places, task: Task, before: Mapping[str, Any], former: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    """Tell the audit trail which marks are others than before: a new submission, new tests, or a run by force."""
    name, student = task.submission.problem_set, task.submission.student
    after = gradebook.submission(places.db_url, name, student)
    found = differences(
        *({"structure": task.structure, "submissions": {student: rows}} for rows in (before, after)),
        *({student: errors_of(outcome)} for outcome in (former, record)),
    )
    if not found:
        return
    source, environments = audit.digest(places.source(name)), {student: record.get("environment", {})}
    entries = audit.entries(found, action="run", problem_set=name, source=source, environments=environments)
    audit.append(places.audit, entries)


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder beside its place, then put it there. What a killed run left behind is cleared away first.

    Parameters
    ----------
    folder : Path
    files : mapping of str to bytes
        By their paths in the folder.

    Raises
    ------
    CourseError
        If it cannot be written.
    """
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    try:
        for left in (new, old):
            if left.exists():
                shutil.rmtree(left)
        new.mkdir(parents=True)
        for path, data in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(data)
            (new / path).chmod(0o444)  # as nbgrader does
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        if old.exists():
            shutil.rmtree(old)
    except OSError as error:
        raise cannot_write(folder, error) from error
