"""How ``course grade regrade``, ``undo`` and ``history`` look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from course_pkg.grading.audit import Entry
    from course_pkg.grading.differences import Difference
    from course_pkg.grading.regrade import Regrade

__all__ = ["show_differences", "show_history", "show_regrade"]

_LONGEST_BAR = 40


def show_regrade(out: Console, regrade: Regrade) -> None:
    """Print what a regrade would change: each mark, each task, the scores."""
    from course_pkg.grading.differences import histogram, summaries, totals

    show_differences(out, regrade.differences)
    if regrade.differences:
        table = Table("task", "points", "rose", "fell", "mean change", box=None)
        for row in summaries(regrade.before, regrade.after, regrade.differences):
            maxima = [_number(value) for value in (row.old_maximum, row.new_maximum)]
            points = maxima[0] if maxima[0] == maxima[1] else " → ".join(maxima)
            table.add_row(escape(row.task), points, str(row.rose), str(row.fell), f"{row.mean_change:+.2f}")
        _print(out, table)
        old, new = totals(regrade.before), totals(regrade.after)
        bars = histogram([new.get(name, 0.0) - old.get(name, 0.0) for name in {*old, *new}])
        most = max(count for _, count in bars)
        table = Table("change of score", "students", "", box=None)
        for label, count in bars:
            table.add_row(label, str(count), "█" * -(-count * _LONGEST_BAR // most))
        _print(out, table)
    for student, reason in sorted(regrade.not_graded.items()):
        _say(out, f"Not graded, so the marks stay: {student}: {reason}")
    if regrade.release:
        _say(out, regrade.release)


def show_differences(out: Console, differences: Sequence[Difference]) -> None:
    """Print each mark that changes, with the reason."""
    if not differences:
        _say(out, "No mark changes.")
        return
    table = Table("student", "task", "old", "new", "why", box=None)
    for one in differences:
        table.add_row(escape(one.student), escape(one.task), _number(one.old), _number(one.new), escape(one.why))
    _print(out, table)


def show_history(out: Console, entries: Sequence[Entry]) -> None:
    """Print the audit trail."""
    if not entries:
        _say(out, "No mark was changed afterwards.")
        return
    table = Table("when (UTC)", "who", "problem set", "student", "task", "old", "new", "what", "why", box=None)
    for entry in entries:
        cells = (entry.when[:19].replace("T", " "), entry.who, entry.problem_set, entry.student, entry.task)
        marks = (_number(entry.old), _number(entry.new))
        table.add_row(*map(escape, (*cells, *marks, f"{entry.action}: {entry.what}", entry.why)))
    _print(out, table)


def _print(out: Console, table: Table) -> None:
    """Print a table; into a file or a pipe, each row is one line, however long, so that it can be searched."""
    (out if out.is_terminal else Console(file=out.file, width=1000)).print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _say(out: Console, text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
