"""What differs between two snapshots of a problem set in the gradebook: mark by mark, task by task, in total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "LATE",
    "Difference",
    "Errors",
    "TaskSummary",
    "differences",
    "errors_of",
    "histogram",
    "mark_that_counts",
    "summaries",
    "totals",
]

LATE = "late penalty"
"""Stands where a task's name would, for what is taken off for being late."""

Errors = Mapping[str, Mapping[str, str | None]]
"""Student to task to what the test said, if it failed."""

_BARS = 12


@dataclass(frozen=True)
class Difference:
    """One student's mark for one task, before and after.

    Parameters
    ----------
    student, notebook, task : str
    old, new : float or None
        The mark that counts: a mark given by hand goes before the automatic one. None where there is none.
    why : str
    """

    student: str
    notebook: str
    task: str
    old: float | None
    new: float | None
    why: str


@dataclass(frozen=True)
class TaskSummary:
    """What became of one task.

    Parameters
    ----------
    notebook, task : str
    old_maximum, new_maximum : float or None
        None where the task was not or is no longer there.
    rose, fell : int
        How many students' marks.
    mean_change : float
        Over all students; a mark that was not or is no longer there counts 0.
    """

    notebook: str
    task: str
    old_maximum: float | None
    new_maximum: float | None
    rose: int
    fell: int
    mean_change: float


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], old_errors: Errors, new_errors: Errors
) -> list[Difference]:
    """Return the marks that differ, by student, notebook and task.

    Parameters
    ----------
    before, after : mapping
        As `gradebook.snapshot` returns them.
    old_errors, new_errors : mapping
        What the tests said.
    """
    old_maxima, new_maxima = _maxima(before["structure"]), _maxima(after["structure"])
    found: list[Difference] = []
    for student in sorted({*before["submissions"], *after["submissions"]}):
        old_grades, new_grades = (_grades(side["submissions"].get(student)) for side in (before, after))
        said = (old_errors.get(student, {}), new_errors.get(student, {}))
        for key in sorted({*old_grades, *new_grades}):
            old, new = old_grades.get(key), new_grades.get(key)
            why = _why(old, new, old_maxima.get(key), new_maxima.get(key), *(errors.get(key[1]) for errors in said))
            if why:
                found.append(Difference(student, *key, mark_that_counts(old), mark_that_counts(new), why))
        found += _late(student, before["submissions"].get(student), after["submissions"].get(student))
    return found


def errors_of(outcome: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what the tests said of one submission: task to error, None where it passed.

    Parameters
    ----------
    outcome : mapping
        As grading wrote it down.
    """
    return {task: found["error"] for task, found in outcome.get("tasks", {}).items()}


def summaries(before: Mapping[str, Any], after: Mapping[str, Any], found: Sequence[Difference]) -> list[TaskSummary]:
    """Return what became of each task of which a mark differs.

    Parameters
    ----------
    before, after : mapping
        As `gradebook.snapshot` returns them.
    found : sequence of Difference
    """
    old_maxima, new_maxima = _maxima(before["structure"]), _maxima(after["structure"])
    students = len({*before["submissions"], *after["submissions"]})
    rows = []
    for key in sorted({(one.notebook, one.task) for one in found}):
        changes = [_change(one) for one in found if (one.notebook, one.task) == key]
        rose, fell = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
        mean = sum(changes) / students
        rows.append(TaskSummary(*key, old_maxima.get(key), new_maxima.get(key), rose, fell, mean))
    return rows


def totals(snapshot: Mapping[str, Any]) -> dict[str, float]:
    """Return each student's score, with what is taken off for being late.

    Parameters
    ----------
    snapshot : mapping
        As `gradebook.snapshot` returns it.
    """
    return {
        student: sum(mark_that_counts(grade) or 0.0 for grade in _grades(data).values())
        + sum(_penalties(data).values())
        for student, data in snapshot["submissions"].items()
    }


def histogram(changes: Sequence[float]) -> list[tuple[str, int]]:
    """Count changes of scores, each value on its own if there are few, in ten ranges otherwise.

    Parameters
    ----------
    changes : sequence of float

    Returns
    -------
    list of (str, int)
        Label and count, from the greatest loss to the greatest gain.

    Examples
    --------
    >>> histogram([0, 0, -1.5, 2])
    [('-1.5', 1), ('0', 2), ('+2', 1)]
    """
    counts = Counter(round(change, 2) + 0.0 for change in changes)
    if len(counts) <= _BARS:
        return [(_signed(value), counts[value]) for value in sorted(counts)]
    numbers, edges = np.histogram(changes, bins=10)
    return [
        (f"{_signed(low)} … {_signed(high)}", int(number))
        for number, low, high in zip(numbers, edges[:-1], edges[1:], strict=True)
    ]


def mark_that_counts(grade: Mapping[str, Any] | None) -> float | None:
    """Return the mark as nbgrader adds it up; None while there is none.

    Parameters
    ----------
    grade : mapping or None
        As in a snapshot.
    """
    if grade is None:
        return None
    mark = grade["auto_score"] if grade["manual_score"] is None else grade["manual_score"]
    return None if mark is None else mark + (grade["extra_credit"] or 0.0)


def _maxima(structure: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    return {
        (name, cell["name"]): cell["max_score"]
        for name, notebook in structure["notebooks"].items()
        for cell in notebook["cells"]
        if cell["kind"] in ("grade", "task")
    }


def _grades(submission: Mapping[str, Any] | None) -> dict[tuple[str, str], Mapping[str, Any]]:
    notebooks = submission["notebooks"] if submission else {}
    return {(name, task): grade for name, marks in notebooks.items() for task, grade in marks["grades"].items()}


def _penalties(submission: Mapping[str, Any] | None) -> dict[str, float]:
    notebooks = submission["notebooks"] if submission else {}
    return {name: -float(marks["late_submission_penalty"] or 0.0) for name, marks in notebooks.items()}


def _why(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    old_maximum: float | None,
    new_maximum: float | None,
    old_error: str | None,
    new_error: str | None,
) -> str:
    """Say what happened to a mark; nothing if nothing did."""
    if old_maximum is None:
        return _joined("test added", new_error)
    if new_maximum is None:
        return "test removed"
    if old is None or new is None:
        return _joined("first graded" if old is None else "submission removed", new_error)
    reasons = []
    if old_maximum != new_maximum:
        reasons.append(f"points changed from {old_maximum:g} to {new_maximum:g}")
    shares = [_share(mark["auto_score"], most) for mark, most in ((old, old_maximum), (new, new_maximum))]
    if shares[0] != shares[1]:
        reasons.append(new_error or _joined(_better(*shares), old_error and f"was {old_error}"))
    if old["manual_score"] != new["manual_score"]:
        reasons.append(f"mark by hand {_number(old['manual_score'])} is {_number(new['manual_score'])} now")
    elif reasons and new["manual_score"] is not None:
        reasons.append("the mark by hand counts")
    return "; ".join(reasons)


def _share(mark: float | None, most: float) -> float | None:
    """Return how much of a task's points a test gave, so that more points alone are no better answer."""
    return mark if mark is None or not most else round(mark / most, 9)


def _better(old: float | None, new: float | None) -> str:
    if (new or 0.0) <= (old or 0.0):
        return "earns less now"
    return "passes now" if new == 1.0 else "earns more now"


def _joined(first: str, second: str | None) -> str:
    return f"{first}: {second}" if second else first


def _late(student: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Difference]:
    old, new = _penalties(before), _penalties(after)
    for name in sorted({*old, *new}):
        if old.get(name, 0.0) != new.get(name, 0.0):
            yield Difference(student, name, LATE, old.get(name), new.get(name), "the penalty follows the score")


def _change(one: Difference) -> float:
    return (one.new or 0.0) - (one.old or 0.0)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _signed(value: float) -> str:
    text = f"{value:+.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text
