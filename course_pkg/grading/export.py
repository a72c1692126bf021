"""Grades for other programs: a tidy table, what Canvas and Moodle import, JSON; and the same as nbgrader's plug-ins.

``nbgrader export --exporter=course_pkg.grading.export.CanvasExport`` writes the same as ``course grade export --format
canvas``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin  # type: ignore[import-untyped]

from course_pkg.files import write_atomically
from course_pkg.grading.database import reading
from course_pkg.grading.marks import Record, records
from course_pkg.grading.places import Places

__all__ = [
    "FORMATS",
    "CanvasExport",
    "CsvExport",
    "JsonExport",
    "MoodleExport",
    "canvas",
    "export",
    "moodle",
    "neutral",
    "structured",
    "table",
]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_COLUMNS = (
    "student",
    "last_name",
    "first_name",
    "email",
    "lms_id",
    "problem_set",
    "handed_in",
    "timestamp",
    "due",
    "seconds_late",
    "raw_score",
    "penalty",
    "score",
    "max_score",
    "waiting",
)


def neutral(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    An apostrophe goes before what would start one. It goes before apostrophes too that stand before such a start, so
    that taking one away always gives the text back.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> neutral("=1+1"), neutral("'=1+1"), neutral("O'Neill"), neutral("'tis")
    ("'=1+1", "''=1+1", "O'Neill", "'tis")
    """
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def table(found: Sequence[Record]) -> str:
    """Return CSV with one row for each student and problem set, and a column for each task.

    Times are UTC. ``waiting`` counts the answers that wait for a person's mark: their cells are empty, and add 0 to the
    score.

    Parameters
    ----------
    found : sequence of Record
    """
    tasks = list(dict.fromkeys(name for record in found for name in record.marks))
    rows = [[_cell(record, column) for column in _COLUMNS] + _scores(record, tasks) for record in found]
    return _csv([[*_COLUMNS, *tasks], *rows])


def canvas(found: Sequence[Record]) -> str:
    """Return CSV as Canvas's gradebook imports it: a column for each problem set, and the points possible.

    The ``ID`` is nbgrader's ``lms_user_id``; the student's name in nbgrader goes to ``SIS Login ID``. Who handed in
    nothing has an empty cell, which Canvas leaves alone.

    Parameters
    ----------
    found : sequence of Record
    """
    names, people = _by_student(found)
    most = {record.problem_set: record.max_score for record in found}
    rows = [[_full_name(own[0]), own[0].lms_id, "", own[0].student, "", *_totals(own, names)] for own in people]
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names]
    return _csv([header, ["    Points Possible", "", "", "", "", *(most[name] for name in names)], *rows])


def moodle(found: Sequence[Record]) -> str:
    """Return CSV as Moodle's gradebook imports it: a column for each problem set.

    The student's name in nbgrader goes to ``Username``, nbgrader's ``lms_user_id`` to ``ID number``; say at the import
    which of them Moodle knows. Who handed in nothing has an empty cell.

    Parameters
    ----------
    found : sequence of Record
    """
    names, people = _by_student(found)
    rows = [
        [own[0].first_name, own[0].last_name, own[0].student, own[0].lms_id, own[0].email, *_totals(own, names)]
        for own in people
    ]
    header = ["First name", "Last name", "Username", "ID number", "Email address"]
    return _csv([[*header, *(f"Assignment: {name} (Real)" for name in names)], *rows])


def structured(found: Sequence[Record]) -> str:
    """Return JSON: a list with one object for each student and problem set, with the marks of each task.

    Parameters
    ----------
    found : sequence of Record
    """
    rows = []
    for record in found:
        row: dict[str, Any] = {column: getattr(record, column) for column in _COLUMNS}
        for key in ("timestamp", "due"):
            row[key] = row[key] and f"{row[key].isoformat()}Z"
        row["marks"] = {name: vars(mark) for name, mark in record.marks.items()}
        rows.append(row)
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


FORMATS: dict[str, tuple[str, Callable[[Sequence[Record]], str]]] = {
    "csv": ("grades.csv", table),
    "canvas": ("grades_canvas.csv", canvas),
    "moodle": ("grades_moodle.csv", moodle),
    "json": ("grades.json", structured),
}
"""The name of the file, and what writes its text, by format."""


def export(places: Places, problem_sets: Collection[str], form: str, output: Path | None = None) -> tuple[Path, int]:
    """Write the grades of all students to a file.

    Parameters
    ----------
    places : Places
    problem_sets : collection of str
        Default: all.
    form : str
        A key of `FORMATS`.
    output : Path, optional
        Default: a file in ``grading/exports``, which is not in version control.

    Returns
    -------
    target : Path
    waiting : int
        How many answers still wait for a person's mark.
    """
    name, text_of = FORMATS[form]
    with reading(places.db_url) as session:
        found = records(session, problem_sets)
    target = output or places.grading / "exports" / name
    write_atomically(target, text_of(found))
    return target, sum(len(record.waiting) for record in found)


class CsvExport(ExportPlugin):  # type: ignore[misc]
    """A tidy table, for ``nbgrader export``; in place of nbgrader's own, which does not quote."""

    kind = "csv"

    def export(self, gradebook: Any) -> None:
        """Write the grades of ``--assignment`` and ``--student`` (default: all) to the file ``--to``."""
        name, text_of = FORMATS[self.kind]
        found = records(gradebook.db, list(map(str, self.assignment)), list(map(str, self.student)))
        target = Path(self.to or name)
        write_atomically(target, text_of(found))
        self.log.info("Exported %d grades to %s", len(found), target)


class CanvasExport(CsvExport):
    """What Canvas imports, for ``nbgrader export``."""

    kind = "canvas"


class MoodleExport(CsvExport):
    """What Moodle imports, for ``nbgrader export``."""

    kind = "moodle"


class JsonExport(CsvExport):
    """JSON, for ``nbgrader export``."""

    kind = "json"


def _cell(record: Record, column: str) -> object:
    value = getattr(record, column)
    return len(value) if column == "waiting" else value


def _scores(record: Record, tasks: Iterable[str]) -> list[object]:
    found = (record.marks.get(name) for name in tasks)
    return [mark.score if mark and record.handed_in else None for mark in found]


def _by_student(found: Sequence[Record]) -> tuple[list[str], list[list[Record]]]:
    names = list(dict.fromkeys(record.problem_set for record in found))
    people: dict[str, list[Record]] = {}
    for record in found:
        people.setdefault(record.student, []).append(record)
    return names, list(people.values())


def _totals(own: Iterable[Record], names: Iterable[str]) -> list[object]:
    scores = {record.problem_set: record.score for record in own if record.handed_in}
    return [scores.get(name) for name in names]


def _full_name(record: Record) -> str:
    return ", ".join(filter(None, (record.last_name, record.first_name))) or record.student


def _csv(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO(newline="")
    # all of them in quotes: where the comma is a decimal one, a semicolon would end a cell
    writer = csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([_written(value) for value in row] for row in rows)
    return file.getvalue()


def _written(value: object) -> str:
    """Return a value as it stands in a cell; numbers are no text, so a negative one stays a number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.10g}"
    return neutral(str(value))
