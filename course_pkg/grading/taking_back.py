"""Take a change of the gradebook back, and keep what people did after it. On snapshots, without a gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["automatic", "taken_back"]

_NOTHING: Any = object()
_NO_MARK = {"auto_score": None, "manual_score": None, "extra_credit": None, "needs_manual_grade": True}
_NO_COMMENT = {"auto_comment": None, "manual_comment": None}


def automatic(submission: Mapping[str, Any] | None) -> Any:
    """Return what of a submission's rows grading sets, to compare.

    Parameters
    ----------
    submission : mapping or None
        As `gradebook.submission` returns it.
    """
    if submission is None:
        return None
    return submission["timestamp"], {
        name: (
            marks["late_submission_penalty"],
            {task: grade["auto_score"] for task, grade in marks["grades"].items()},
            {task: comment["auto_comment"] for task, comment in marks["comments"].items()},
        )
        for name, marks in submission["notebooks"].items()
    }


def taken_back(
    before: Mapping[str, Any], after: Mapping[str, Any], current: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return what the gradebook should hold once the change from `before` to `after` is taken back.

    What people wrote since then stays. Students who were graded anew since then keep their new marks, as far as their
    tasks are still there.

    Parameters
    ----------
    before, after, current : mapping
        As `gradebook.snapshot` returns them; `current` has the structure of `after`.

    Returns
    -------
    target : dict
        A snapshot.
    kept : list of str
        The students who were graded anew since then.
    """
    structure = _merged(before["structure"], after["structure"], current["structure"])
    submissions, kept = {}, []
    for student in sorted({*before["submissions"], *current["submissions"]}):
        old, new, now = (side["submissions"].get(student, _NOTHING) for side in (before, after, current))
        if now is not _NOTHING and (new is _NOTHING or automatic(now) != automatic(new)):
            kept.append(student)
            submission = now
        else:
            submission = _merged(old, new, now)
        if submission is not _NOTHING:
            submissions[student] = _fitted(submission, structure)
    return {"structure": structure, "submissions": submissions}, kept


def _merged(before: Any, after: Any, current: Any) -> Any:
    """Take a change back leaf by leaf, where nobody has changed the leaf again."""
    if current == after:
        return before
    if not all(isinstance(side, dict) for side in (before, after, current)):
        return current
    keys = [*current, *(key for key in before if key not in current)]
    merged = {key: _merged(*(side.get(key, _NOTHING) for side in (before, after, current))) for key in keys}
    return {key: value for key, value in merged.items() if value is not _NOTHING}


def _fitted(submission: Mapping[str, Any], structure: Mapping[str, Any]) -> dict[str, Any]:
    """Give a submission a row for each cell of the structure, and for no other."""
    notebooks = {}
    for name, part in structure["notebooks"].items():
        kinds: dict[str, list[str]] = {"grade": [], "task": [], "solution": [], "source": []}
        for cell in part["cells"]:
            kinds[cell["kind"]].append(cell["name"])
        marks = submission["notebooks"].get(name, {"late_submission_penalty": None, "flagged": False})
        notebooks[name] = {
            **marks,
            "grades": _rows(marks.get("grades", {}), [*kinds["grade"], *kinds["task"]], _NO_MARK),
            "comments": _rows(marks.get("comments", {}), [*kinds["solution"], *kinds["task"]], _NO_COMMENT),
        }
    return {**submission, "notebooks": notebooks}


def _rows(there: Mapping[str, Any], wanted: list[str], empty: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {**empty, **there.get(name, {})} for name in sorted(wanted)}
