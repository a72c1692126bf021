"""What the gradebook says of a class: one record for each student and problem set, read and never written."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader import api  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session

from course_pkg.errors import CourseError

__all__ = ["Mark", "Record", "records"]


@dataclass(frozen=True)
class Mark:
    """What one task earned.

    Parameters
    ----------
    score : float or None
        With a person's mark and extra credit; None as long as an answer waits for a person's mark.
    max_score : float
    """

    score: float | None
    max_score: float


@dataclass(frozen=True)
class Record:
    """One student's result in one problem set.

    Parameters
    ----------
    student, first_name, last_name, email, lms_id : str
        As in the gradebook; what is not there is empty.
    problem_set : str
    due, timestamp : datetime or None
        UTC, without a zone, as nbgrader keeps them; `due` with the student's extension.
    extension : timedelta
    handed_in : bool
        Whether anything was marked or has a time.
    raw_score, penalty, score, max_score : float
        `score` is what is left of `raw_score` after `penalty`, at least 0.
    marks : dict
        Of each graded cell, by its name.
    """

    student: str
    first_name: str
    last_name: str
    email: str
    lms_id: str
    problem_set: str
    due: datetime.datetime | None
    timestamp: datetime.datetime | None
    extension: datetime.timedelta
    handed_in: bool
    raw_score: float
    penalty: float
    score: float
    max_score: float
    marks: dict[str, Mark]

    @property
    def waiting(self) -> list[str]:
        """The names of the cells that wait for a person's mark."""
        return [name for name, mark in self.marks.items() if self.handed_in and mark.score is None]

    @property
    def seconds_late(self) -> float:
        """Seconds after the due date; 0 where either time is not known."""
        if self.due is None or self.timestamp is None:
            return 0.0
        return max(0.0, (self.timestamp - self.due).total_seconds())


def records(session: Session, problem_sets: Collection[str] = (), students: Collection[str] = ()) -> list[Record]:
    """Read every student's result in every problem set, handed in or not.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        On nbgrader's database: `course_pkg.grading.database.reading` gives one.
    problem_sets, students : collection of str
        Which ones; default: all.

    Returns
    -------
    list of Record
        By problem set, then by student.

    Raises
    ------
    CourseError
        If the gradebook does not know a problem set or a student.
    """
    chosen = _chosen(session.scalars(select(api.Assignment)), problem_sets, "name", "problem set")
    people = _chosen(session.scalars(select(api.Student)), students, "id", "student")
    return [record for assignment in chosen for record in _of_problem_set(session, assignment, people)]


def _chosen(found: Iterable[Any], wanted: Collection[str], key: str, kind: str) -> list[Any]:
    known = {getattr(row, key): row for row in found}
    for name in wanted:
        if name not in known:
            raise CourseError(
                f"The gradebook knows no {kind} {name!r}. It knows: {', '.join(sorted(known)) or 'none'}."
            )
    return [known[name] for name in sorted(known) if not wanted or name in wanted]


def _of_problem_set(session: Session, assignment: Any, people: list[Any]) -> Iterator[Record]:
    cells = _cells(session, assignment)
    submissions = {row.student_id: row for row in _submissions(session, assignment)}
    penalties, grades = _penalties(session, assignment), _grades(session, assignment)
    for person in people:
        row = submissions.get(person.id)
        found = grades.get(row.id, {}) if row else {}
        marks = {name: Mark(_score(found.get(cell)), most) for cell, (name, most) in cells.items()}
        raw = sum(mark.score or 0.0 for mark in marks.values())
        penalty = penalties.get(row.id, 0.0) if row else 0.0
        extension = (row.extension if row else None) or datetime.timedelta()
        yield Record(
            student=person.id,
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            email=person.email or "",
            lms_id=person.lms_user_id or "",
            problem_set=assignment.name,
            due=assignment.duedate and assignment.duedate + extension,
            timestamp=row.timestamp if row else None,
            extension=extension,
            handed_in=bool(row and (row.timestamp or any(_marked(grade) for grade in found.values()))),
            raw_score=raw,
            penalty=penalty,
            score=max(0.0, raw - penalty),
            max_score=sum(most for _, most in cells.values()),
            marks=marks,
        )


def _cells(session: Session, assignment: Any) -> dict[str, tuple[str, float]]:
    """Return name and most points of each graded cell, by its key in the database, in the order of the names."""
    found: list[Any] = []
    for table in (api.GradeCell, api.TaskCell):
        wanted = select(table.id, api.Notebook.name.label("notebook"), table.name, table.max_score)
        rows = wanted.join(api.Notebook, table.notebook_id == api.Notebook.id)
        found += session.execute(rows.where(api.Notebook.assignment_id == assignment.id)).all()
    several = len({row.notebook for row in found}) > 1
    found.sort(key=lambda row: (row.notebook, row.name))
    return {row.id: (f"{row.notebook}/{row.name}" if several else row.name, float(row.max_score)) for row in found}


def _submissions(session: Session, assignment: Any) -> Any:
    row = api.SubmittedAssignment
    wanted = select(row.id, row.student_id, row.timestamp, row.extension)
    return session.execute(wanted.where(row.assignment_id == assignment.id))


def _penalties(session: Session, assignment: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    wanted = select(api.SubmittedNotebook.assignment_id, api.SubmittedNotebook.late_submission_penalty)
    rows = wanted.join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
    for key, penalty in session.execute(rows.where(api.SubmittedAssignment.assignment_id == assignment.id)):
        found[key] = found.get(key, 0.0) + (penalty or 0.0)
    return found


def _grades(session: Session, assignment: Any) -> dict[str, dict[str, Any]]:
    """Return the grades of all students at once: one query for a class, where nbgrader's objects take one per grade."""
    grade, notebook, submission = api.Grade, api.SubmittedNotebook, api.SubmittedAssignment
    wanted = (
        select(submission.id, grade.cell_id, grade.auto_score, grade.manual_score, grade.extra_credit)
        .join(notebook, notebook.assignment_id == submission.id)
        .join(grade, grade.notebook_id == notebook.id)
        .where(submission.assignment_id == assignment.id)
    )
    found: dict[str, dict[str, Any]] = {}
    for row in session.execute(wanted):
        found.setdefault(row.id, {})[row.cell_id] = row
    return found


def _marked(grade: Any) -> bool:
    return grade.auto_score is not None or grade.manual_score is not None


def _score(grade: Any) -> float | None:
    """Return what nbgrader's ``Grade.score`` gives, but None while nobody has marked the cell."""
    if grade is None or not _marked(grade):
        return None
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    return float(score) + float(grade.extra_credit or 0.0)
