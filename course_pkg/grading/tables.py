"""Read and write the rows of nbgrader's tables, known by their names, within a session."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from nbgrader import api  # type: ignore[import-untyped]
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from course_pkg.errors import CourseError

__all__ = [
    "EVERYTHING",
    "SET_BY_GRADING",
    "Clamped",
    "Columns",
    "add_assignment",
    "add_missing_rows",
    "as_time",
    "clamp_marks",
    "find_assignment",
    "get_or_add_student",
    "keep_only",
    "lock_assignment",
    "read_structure",
    "read_submissions",
    "set_structure",
    "write_submission",
]

_CELLS = {
    "grade": (api.GradeCell, ("max_score", "cell_type")),
    "solution": (api.SolutionCell, ()),
    "task": (api.TaskCell, ("max_score", "cell_type")),
    "source": (api.SourceCell, ("cell_type", "locked", "source", "checksum")),
}
_STUDENT = ("id", "first_name", "last_name", "email", "lms_user_id")


class Columns(NamedTuple):
    """What a write sets, table by table."""

    submission: tuple[str, ...]
    notebook: tuple[str, ...]
    grades: tuple[str, ...]
    comments: tuple[str, ...]


SET_BY_GRADING = Columns(
    ("timestamp",), ("late_submission_penalty",), ("auto_score", "needs_manual_grade"), ("auto_comment",)
)
EVERYTHING = Columns(
    ("timestamp", "extension"),
    ("late_submission_penalty", "flagged"),
    ("auto_score", "manual_score", "extra_credit", "needs_manual_grade"),
    ("auto_comment", "manual_comment"),
)


class Clamped(NamedTuple):
    """A mark given by hand that exceeded a maximum when this was lowered."""

    student: str
    notebook: str
    cell: str
    old: float
    new: float


# Reading


def find_assignment(session: Session, problem_set: str) -> Any:
    """Return the row of a problem set; raise `CourseError` if there is none."""
    assignment = session.scalar(select(api.Assignment).filter_by(name=problem_set))
    if assignment is None:
        raise CourseError(
            f"The gradebook does not know {problem_set!r}. `nbgrader generate_assignment {problem_set}` tells it."
        )
    return assignment


def lock_assignment(session: Session, problem_set: str) -> Any:
    """Return the row of a problem set or None, and let no other writer of it through until the transaction ends.

    SQLite lets through one writer anyhow.
    """
    return session.scalar(select(api.Assignment).filter_by(name=problem_set).with_for_update())


def read_structure(session: Session, assignment: Any) -> dict[str, Any]:
    """Return a problem set as plain data."""
    return {
        "name": assignment.name,
        "duedate": _as_text(assignment.duedate),
        "course": assignment.course_id,
        "notebooks": {
            row.name: {"kernelspec": row.kernelspec, "cells": _cells(session, row.id)}
            for row in _notebooks(session, assignment)
        },
    }


def read_submissions(session: Session, assignment: Any, student: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the submissions of all students, or of one, as plain data."""
    rows = select(api.SubmittedAssignment, api.Student).join(api.Student)
    rows = rows.where(api.SubmittedAssignment.assignment_id == assignment.id).order_by(api.Student.id)
    if student is not None:
        rows = rows.where(api.Student.id == student)
    return {
        person.id: {
            "student": {name: getattr(person, name) for name in _STUDENT},
            "timestamp": _as_text(row.timestamp),
            "extension": None if row.extension is None else row.extension.total_seconds(),
            "notebooks": {
                name: {
                    **{column: getattr(notebook, column) for column in EVERYTHING.notebook},
                    "grades": _marks(session, api.Grade, notebook.id, EVERYTHING.grades),
                    "comments": _marks(session, api.Comment, notebook.id, EVERYTHING.comments),
                }
                for name, notebook in sorted(_submitted_notebooks(session, row).items())
            },
        }
        for row, person in session.execute(rows)
    }


def as_time(text: str | None) -> datetime | None:
    """Turn the text of plain data into nbgrader's time: UTC, without saying so."""
    return None if text is None else datetime.fromisoformat(text)


def _as_text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _notebooks(session: Session, assignment: Any) -> list[Any]:
    columns = (api.Notebook.id, api.Notebook.name, api.Notebook.kernelspec)
    rows = session.execute(select(*columns).where(api.Notebook.assignment_id == assignment.id))
    return sorted(rows, key=lambda row: str(row.name))


def _cells(session: Session, notebook: str) -> list[dict[str, Any]]:
    found = []
    for kind, (table, columns) in _CELLS.items():
        wanted = [getattr(table, name) for name in ("name", *columns)]
        rows = session.execute(select(*wanted).where(table.notebook_id == notebook))
        found += [{"kind": kind, **row._mapping} for row in rows]
    return sorted(found, key=lambda cell: (cell["kind"], cell["name"]))


def _submitted_notebooks(session: Session, submission: Any) -> dict[str, Any]:
    rows = select(api.Notebook.name, api.SubmittedNotebook).join(api.SubmittedNotebook.notebook)
    found = session.execute(rows.where(api.SubmittedNotebook.assignment_id == submission.id))
    return dict(found.all())


def _marks(session: Session, table: Any, notebook: str, columns: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    wanted = [getattr(table, name) for name in columns]
    rows = select(api.BaseCell.name, *wanted).join(table.cell).where(table.notebook_id == notebook)
    found = session.execute(rows)
    return dict(sorted((name, dict(zip(columns, values, strict=True))) for name, *values in found))


# Writing


def add_assignment(session: Session, structure: Mapping[str, Any]) -> Any:
    """Add a problem set without notebooks, and its course if need be."""
    if session.get(api.Course, structure["course"]) is None:
        session.add(api.Course(id=structure["course"]))
        session.flush()
    assignment = api.Assignment(structure["name"], as_time(structure["duedate"]), structure["course"])
    session.add(assignment)
    session.flush()
    return assignment


def get_or_add_student(session: Session, fields: Mapping[str, Any]) -> Any:
    """Return a student's row; one who is there is left as he is."""
    student = session.get(api.Student, fields["id"])
    if student is None:
        student = api.Student(**fields)
        session.add(student)
        session.flush()
    return student


def set_structure(session: Session, assignment: Any, structure: Mapping[str, Any]) -> None:
    """Add, change and remove notebooks and cells. What submissions have in removed ones goes with them."""
    rows = session.scalars(select(api.Notebook).filter_by(assignment_id=assignment.id))
    there = {notebook.name: notebook for notebook in rows}
    for name in there.keys() - structure["notebooks"].keys():
        _remove_notebook(session, there.pop(name))
    for name, wanted in structure["notebooks"].items():
        notebook = there.get(name) or api.Notebook(name=name, assignment_id=assignment.id)
        notebook.kernelspec = wanted["kernelspec"]
        session.add(notebook)
        session.flush()
        _set_cells(session, notebook.id, wanted["cells"])


def write_submission(session: Session, assignment: Any, data: Mapping[str, Any], columns: Columns) -> None:
    """Write plain data into the named columns of a submission, which is added if need be.

    Raises
    ------
    CourseError
        If the data have a notebook or a cell that the problem set has not.
    """
    student = get_or_add_student(session, data["student"])
    row = session.scalar(select(api.SubmittedAssignment).filter_by(assignment_id=assignment.id, student_id=student.id))
    if row is None:
        row = api.SubmittedAssignment(assignment_id=assignment.id, student_id=student.id)
        session.add(row)
        session.flush()
    values = {"timestamp": as_time(data["timestamp"]), "extension": _as_duration(data["extension"])}
    _set(row, values, columns.submission)
    _complete(session, assignment, row)
    notebooks = _submitted_notebooks(session, row)
    for name, marks in data["notebooks"].items():
        notebook = _known(notebooks, name, assignment.name)
        _set(notebook, marks, columns.notebook)
        _write_marks(session, api.Grade, notebook, marks["grades"], columns.grades)
        _write_marks(session, api.Comment, notebook, marks["comments"], columns.comments)
    session.flush()


def add_missing_rows(session: Session, assignment: Any) -> None:
    """Give each submission what nbgrader gives a new one: a row for each notebook, mark and comment."""
    for row in session.scalars(select(api.SubmittedAssignment).filter_by(assignment_id=assignment.id)).all():
        _complete(session, assignment, row)


def clamp_marks(session: Session, assignment: Any, before: Mapping[str, Any]) -> Iterator[Clamped]:
    """Lower the marks given by hand that exceed a maximum lower than in a former structure, and ask for a look."""
    former = _maxima(before)
    for (name, cell), highest in _maxima(read_structure(session, assignment)).items():
        if highest >= former.get((name, cell), highest):
            continue
        rows = (
            select(api.Grade, api.SubmittedAssignment.student_id)
            .join(api.Grade.cell)
            .join(api.Grade.notebook)
            .join(api.SubmittedNotebook.notebook)
            .join(api.SubmittedNotebook.assignment)
            .where(api.SubmittedAssignment.assignment_id == assignment.id)
            .where(api.Notebook.name == name, api.BaseCell.name == cell, api.Grade.manual_score > highest)
            .order_by(api.SubmittedAssignment.student_id)
        )
        for grade, student in session.execute(rows).all():
            yield Clamped(student, name, cell, grade.manual_score, highest)
            grade.manual_score = highest
            grade.needs_manual_grade = True


def _maxima(structure: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    return {
        (name, cell["name"]): cell["max_score"]
        for name, notebook in structure["notebooks"].items()
        for cell in notebook["cells"]
        if "max_score" in cell
    }


def _set_cells(session: Session, notebook: str, cells: Collection[Mapping[str, Any]]) -> None:
    wanted = {(cell["kind"], cell["name"]): cell for cell in cells}
    there = {
        (kind, cell.name): cell
        for kind, (table, _) in _CELLS.items()
        for cell in session.scalars(select(table).where(table.notebook_id == notebook))
    }
    for key in there.keys() - wanted.keys():
        _remove_cell(session, there.pop(key))
    for (kind, name), values in wanted.items():
        table, columns = _CELLS[kind]
        cell = there.get((kind, name)) or table(name=name, notebook_id=notebook)
        _set(cell, values, columns)
        session.add(cell)
    session.flush()


def _complete(session: Session, assignment: Any, submission: Any) -> None:
    there = _submitted_notebooks(session, submission)
    for row in _notebooks(session, assignment):
        notebook = there.get(row.name)
        if notebook is None:
            notebook = api.SubmittedNotebook(notebook_id=row.id, assignment_id=submission.id)
            session.add(notebook)
            session.flush()
        for table, kinds in ((api.Grade, ("grade", "task")), (api.Comment, ("solution", "task"))):
            filled = set(session.scalars(select(table.cell_id).where(table.notebook_id == notebook.id)))
            for kind in kinds:
                cells = session.scalars(select(_CELLS[kind][0].id).where(_CELLS[kind][0].notebook_id == row.id))
                missing = [cell for cell in cells if cell not in filled]
                session.add_all(table(cell_id=cell, notebook_id=notebook.id) for cell in missing)
    session.flush()


def _write_marks(
    session: Session, table: Any, notebook: Any, marks: Mapping[str, Mapping[str, Any]], columns: tuple[str, ...]
) -> None:
    rows = select(api.BaseCell.name, table).join(table.cell).where(table.notebook_id == notebook.id)
    there: dict[str, Any] = dict(session.execute(rows).all())
    for name, values in marks.items():
        _set(_known(there, name, notebook.name), values, columns)


def _set(row: Any, values: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    for column in columns:
        setattr(row, column, values[column])


def _known(rows: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in rows:
        raise CourseError(
            f"The gradebook has no {name!r} in {where!r}: the problem set was changed since this was graded. "
            "Grade it again."
        )
    return rows[name]


def _as_duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


# Removing: nbgrader's tables cascade nothing


def keep_only(session: Session, assignment: Any, submissions: Mapping[str, Mapping[str, Any]]) -> None:
    """Remove the submissions, notebooks, marks and comments that are not among these plain data."""
    for row in session.scalars(select(api.SubmittedAssignment).filter_by(assignment_id=assignment.id)).all():
        kept = submissions.get(row.student_id, {"notebooks": {}})["notebooks"]
        for name, notebook in _submitted_notebooks(session, row).items():
            if name not in kept:
                _remove_submitted_notebook(session, notebook)
                continue
            _remove_marks(session, api.Grade, notebook.id, kept[name]["grades"])
            _remove_marks(session, api.Comment, notebook.id, kept[name]["comments"])
        if row.student_id not in submissions:
            session.delete(row)
    session.flush()


def _remove_marks(session: Session, table: Any, notebook: str, kept: Collection[str]) -> None:
    others = select(api.BaseCell.id).where(api.BaseCell.name.not_in(kept))
    session.execute(delete(table).where(table.notebook_id == notebook, table.cell_id.in_(others)))


def _remove_submitted_notebook(session: Session, notebook: Any) -> None:
    _remove_marks(session, api.Grade, notebook.id, ())
    _remove_marks(session, api.Comment, notebook.id, ())
    session.delete(notebook)
    session.flush()


def _remove_notebook(session: Session, notebook: Any) -> None:
    for row in session.scalars(select(api.SubmittedNotebook).filter_by(notebook_id=notebook.id)).all():
        _remove_submitted_notebook(session, row)
    _set_cells(session, notebook.id, ())
    session.delete(notebook)
    session.flush()


def _remove_cell(session: Session, cell: Any) -> None:
    if isinstance(cell, api.BaseCell):
        session.execute(delete(api.Grade).where(api.Grade.cell_id == cell.id))
        session.execute(delete(api.Comment).where(api.Comment.cell_id == cell.id))
    session.delete(cell)
    session.flush()
