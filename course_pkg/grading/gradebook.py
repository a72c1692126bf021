"""Nbgrader's gradebook as plain data, and plain data into the gradebook, one transaction for each call.

Nbgrader's own ``Gradebook`` commits inside its methods, so that a killed run could leave half a submission behind; here
its mapped classes are used in sessions of our own. Plain data are JSON-able: times are ISO text in UTC, an extension
is a number of seconds, and rows are known by their names, not by nbgrader's random ids.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from course_pkg.errors import CourseError
from course_pkg.grading.database import create, reading, writing
from course_pkg.grading.tables import (
    EVERYTHING,
    SET_BY_GRADING,
    Clamped,
    add_assignment,
    add_missing_rows,
    as_time,
    clamp_marks,
    find_assignment,
    get_or_add_student,
    keep_only,
    lock_assignment,
    read_structure,
    read_submissions,
    set_structure,
    write_submission,
)

__all__ = ["Changed", "apply", "merge", "restore", "snapshot", "structure", "submission", "write_scratch"]


class Changed(CourseError):
    """The gradebook is not what it was taken for; nothing was written."""


def structure(db_url: str, problem_set: str) -> dict[str, Any]:
    """Return what a problem set consists of.

    Parameters
    ----------
    db_url, problem_set : str

    Returns
    -------
    dict
        ``name``, ``duedate``, ``course``, and ``notebooks``: name to ``kernelspec`` and ``cells``, a list of dicts in
        the order of their ``kind`` (grade, solution, source, task) and ``name``, with nbgrader's columns of that kind.

    Raises
    ------
    CourseError
        If the gradebook cannot be read or does not know the problem set.
    """
    with reading(db_url) as session:
        return read_structure(session, find_assignment(session, problem_set))


def submission(db_url: str, problem_set: str, student: str) -> dict[str, Any] | None:
    """Return all that the gradebook holds about one student's submission.

    Parameters
    ----------
    db_url, problem_set, student : str

    Returns
    -------
    dict or None
        ``student`` (its fields), ``timestamp``, ``extension``, and ``notebooks``: name to ``late_submission_penalty``,
        ``flagged``, ``grades`` (cell to ``auto_score``, ``manual_score``, ``extra_credit``, ``needs_manual_grade``)
        and ``comments`` (cell to ``auto_comment``, ``manual_comment``). None if there is no submission.
    """
    with reading(db_url) as session:
        return read_submissions(session, find_assignment(session, problem_set), student).get(student)


def write_scratch(path: Path, structure: Mapping[str, Any], submission: Mapping[str, Any] | None, student: str) -> None:
    """Write the gradebook of one student and one problem set, for a worker.

    Parameters
    ----------
    path : Path
        The SQLite file to make.
    structure : mapping
        As `structure` returns it.
    submission : mapping or None
        As `submission` returns it; None for a student whose first submission this is.
    student : str

    Raises
    ------
    CourseError
        If the file is there already.
    """
    if path.exists():
        raise CourseError(f"{path} is there already; a scratch gradebook must be a new file.")
    path.write_bytes(_empty())
    with writing(f"sqlite:///{path}") as session:
        assignment = add_assignment(session, structure)
        set_structure(session, assignment, structure)
        get_or_add_student(session, submission["student"] if submission else {"id": student})
        if submission:
            write_submission(session, assignment, submission, EVERYTHING)


def merge(db_url: str, problem_set: str, student: str, graded: Mapping[str, Any]) -> None:
    """Take what grading found into the gradebook, and keep what people wrote there.

    Set are automatic marks and comments, what needs a person, late penalties and the timestamp. Marks, extra credit
    and comments given by hand, flags, extensions and the student's fields stay. What is missing is made.

    Parameters
    ----------
    db_url, problem_set, student : str
    graded : mapping
        As `submission` returns it, from a worker's gradebook.

    Raises
    ------
    CourseError
        If `graded` is another student's, or has a notebook or a cell that the gradebook does not know.
    """
    if graded["student"]["id"] != student:
        raise CourseError(f"These are the marks of {graded['student']['id']!r}, not of {student!r}.")
    with writing(db_url) as session:
        assignment = lock_assignment(session, problem_set) or find_assignment(session, problem_set)
        write_submission(session, assignment, graded, SET_BY_GRADING)


@functools.cache
def _empty() -> bytes:
    """Return an empty gradebook: to copy one is a tenth of the work of making one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        create(f"sqlite:///{path}")
        return path.read_bytes()


def apply(db_url: str, structure: Mapping[str, Any], graded: Mapping[str, Mapping[str, Any]]) -> list[Clamped]:
    """Give a problem set a new structure and merge marks into it, all in one transaction.

    Unlike nbgrader, this adds and removes cells also where there are submissions: each of them gets an empty mark for
    a new cell, and loses the marks and comments of a removed one. A mark given by hand above a maximum that is lowered
    becomes that maximum, and a person is asked to look at it. A due date stays if the new structure has none.

    Parameters
    ----------
    db_url : str
    structure : mapping
        As `structure` returns it. The gradebook and the problem set are made if there are none.
    graded : mapping of str to mapping
        Student to marks, as for `merge`.

    Returns
    -------
    list of Clamped
        The marks given by hand that were lowered.
    """
    create(db_url)
    with writing(db_url) as session:
        assignment = lock_assignment(session, structure["name"]) or add_assignment(session, structure)
        before = read_structure(session, assignment)
        if structure["duedate"] is not None:
            assignment.duedate = as_time(structure["duedate"])
        set_structure(session, assignment, structure)
        for data in graded.values():
            write_submission(session, assignment, data, SET_BY_GRADING)
        add_missing_rows(session, assignment)
        return list(clamp_marks(session, assignment, before))


def snapshot(db_url: str, problem_set: str) -> dict[str, Any]:
    """Return all that the gradebook holds about a problem set.

    Parameters
    ----------
    db_url, problem_set : str

    Returns
    -------
    dict
        ``structure``, and ``submissions``: student to submission, as the functions of these names return them.
    """
    with reading(db_url) as session:
        return _snapshot(session, find_assignment(session, problem_set))


def restore(
    db_url: str, problem_set: str, snapshot: Mapping[str, Any], expected: Mapping[str, Any] | None = None
) -> None:
    """Make a problem set in the gradebook what it was when the snapshot was taken.

    Students belong to the course: one who is missing is made, but no student is removed, renamed or changed.

    Parameters
    ----------
    db_url, problem_set : str
    snapshot : mapping
        As `snapshot` returned it.
    expected : mapping, optional
        The snapshot that it replaces. By default any.

    Raises
    ------
    Changed
        If the problem set is not as in `expected`.
    CourseError
        If it is a snapshot of another problem set.
    """
    saved = snapshot["structure"]
    if saved["name"] != problem_set:
        raise CourseError(f"This is a snapshot of {saved['name']!r}, not of {problem_set!r}.")
    create(db_url)
    with writing(db_url) as session:
        assignment = lock_assignment(session, problem_set) or add_assignment(session, saved)
        if expected is not None and _snapshot(session, assignment) != expected:
            raise Changed(f"The gradebook of {problem_set} was changed in the meantime. Nothing was written.")
        assignment.duedate = as_time(saved["duedate"])
        set_structure(session, assignment, saved)
        there = read_submissions(session, assignment)
        for student, data in snapshot["submissions"].items():
            if student not in there or {**there[student], "student": None} != {**data, "student": None}:
                write_submission(session, assignment, data, EVERYTHING)
        keep_only(session, assignment, snapshot["submissions"])


def _snapshot(session: Session, assignment: Any) -> dict[str, Any]:
    return {"structure": read_structure(session, assignment), "submissions": read_submissions(session, assignment)}
