"""One page that tells an instructor how a problem set went, and what to look at.

It is one HTML file that asks for nothing outside itself, and it runs no script: what comes from students is escaped,
and a content security policy forbids scripts besides.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbgrader import utils  # type: ignore[import-untyped]

from course_pkg.errors import CourseError
from course_pkg.files import write_atomically
from course_pkg.grading import charts
from course_pkg.grading.database import reading
from course_pkg.grading.items import FEWEST, analyse
from course_pkg.grading.marks import Record, records
from course_pkg.grading.places import Places
from course_pkg.grading.similarity import Group, near_identical

__all__ = ["Findings", "read_outcomes", "render", "write_report"]

_SLOW = 3  # times the median
_LONGEST = 400  # characters of a reason
_SIMILAR = 0.9
_MOST_ROWS = 200
_UNSAID: dict[str, Any] = {"reason": None, "seconds": {}, "peak_memory_mb": None, "graded_at": None}


@dataclass(frozen=True)
class Findings:
    """All that a report is made of.

    Parameters
    ----------
    problem_set : str
    outcomes : list of dict
        The outcome records of the last run, one for each submission.
    records : list of Record
        The gradebook's, one for each student.
    groups : list of Group
        Solutions that are nearly the same.
    unreadable : list of str
        Names of outcome files that are no outcome records.
    order : list of str
        The tasks in the notebook's order.
    """

    problem_set: str
    outcomes: list[dict[str, Any]]
    records: list[Record]
    groups: list[Group]
    unreadable: Sequence[str] = ()
    order: Sequence[str] = ()

    @cached_property
    def graded(self) -> list[dict[str, Any]]:
        """The outcomes of submissions that were graded."""
        return [outcome for outcome in self.outcomes if outcome["status"] == "graded"]

    @cached_property
    def not_graded(self) -> list[dict[str, Any]]:
        """The outcomes of submissions that failed or were refused."""
        return [outcome for outcome in self.outcomes if outcome["status"] != "graded"]

    @cached_property
    def marked(self) -> list[Record]:
        """The results of the students whose work was marked."""
        unmarked = {outcome["student"] for outcome in self.not_graded}
        return [record for record in self.records if record.handed_in and record.student not in unmarked]

    @cached_property
    def items(self) -> pd.DataFrame:
        """Difficulty and discrimination of each task."""
        rows = {r.student: {name: mark.score for name, mark in r.marks.items()} for r in self.marked}
        most = {name: mark.max_score for record in self.records for name, mark in record.marks.items()}
        tasks = sorted(most, key=lambda name: (*self.order, name).index(name))
        scores = pd.DataFrame.from_dict(rows, orient="index", columns=tasks, dtype=float)
        return analyse(scores, pd.Series(most, dtype=float))

    @cached_property
    def slow(self) -> list[dict[str, Any]]:
        """The outcomes that took more than three times the median, the slowest first."""
        limit = _SLOW * self.median_seconds
        found = [outcome for outcome in self.graded if _seconds(outcome) > limit]
        return sorted(found, key=_seconds, reverse=True)

    @property
    def median_seconds(self) -> float:
        """Of all graded submissions."""
        return statistics.median([_seconds(outcome) for outcome in self.graded] or [0.0])

    @property
    def late(self) -> list[Record]:
        """Who was late, the latest first."""
        return sorted((r for r in self.records if r.seconds_late > 0), key=lambda r: -r.seconds_late)

    @property
    def without_time(self) -> list[str]:
        """Who handed in, but nobody knows when: counted as on time."""
        return [record.student for record in self.records if record.handed_in and record.timestamp is None]

    def told(self, kind: str, key: str) -> list[tuple[str, str, str, int]]:
        """Return ``events`` or ``deviations`` of all students: student, where, what, how often."""
        times = Counter(
            (outcome["student"], _text(found.get(key)), _text(found.get("what")))
            for outcome in self.outcomes
            for found in outcome.get(kind) or []
        )
        return [(*what, count) for what, count in sorted(times.items())]

    def environments(self) -> list[tuple[dict[str, str], int]]:
        """Return the environments in which submissions were graded, with their numbers; one, if all is well."""
        times = Counter(json.dumps(o.get("environment") or {}, sort_keys=True) for o in self.outcomes)
        return [({k: _text(v) for k, v in json.loads(text).items()}, count) for text, count in times.most_common()]

    def sandboxes(self) -> list[tuple[str, int]]:
        """Return how students' code was confined, with the numbers of submissions."""
        return Counter(_text((o.get("sandbox") or {}).get("mode")) for o in self.graded).most_common()


def write_report(places: Places, problem_set: str, output: Path | None = None) -> Path:
    """Write the report on a problem set.

    Parameters
    ----------
    places : Places
    problem_set : str
    output : Path, optional
        Default: ``grading/reports/PROBLEM_SET.html``.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    CourseError
        If nothing of the problem set is graded yet, or the page cannot be written.
    """
    folder = places.outcome(problem_set, "").parent
    outcomes, unreadable = read_outcomes(folder)
    if not (outcomes or unreadable):
        raise CourseError(f"Nothing of {problem_set} is graded yet. `course grade run {problem_set}` comes first.")
    with reading(places.db_url) as session:
        found = records(session, [problem_set])
    release = _cells(places.release(problem_set))
    groups = near_identical(_solutions(places, problem_set, outcomes), _code(release), _SIMILAR)
    order = [cell.metadata.nbgrader.grade_id for cell in release]
    page = render(Findings(problem_set, outcomes, found, groups, unreadable, order))
    target = output or places.grading / "reports" / f"{problem_set}.html"
    write_atomically(target, page)
    return target


def read_outcomes(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Read the outcome records of a problem set.

    Parameters
    ----------
    folder : Path
        It need not be there.

    Returns
    -------
    outcomes : list of dict
        By student.
    unreadable : list of str
        The names of files that are none.
    """
    outcomes, unreadable = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            outcomes.append({**_UNSAID, **told, "student": str(told["student"]), "status": str(told["status"])})
        except (OSError, ValueError, TypeError, KeyError):
            unreadable.append(path.name)
    return outcomes, unreadable


def render(findings: Findings) -> str:
    """Return the report as one HTML page.

    Parameters
    ----------
    findings : Findings
    """
    environment = Environment(
        loader=PackageLoader("course_pkg.grading"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(late=_duration, short=_text, percent=_percent, number=_number)
    scores = [record.score for record in findings.marked]
    most = max((record.max_score for record in findings.records), default=0.0)
    return environment.get_template("report.html.j2").render(
        f=findings,
        scores=scores,
        most=most,
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        histogram=Markup(charts.histogram(scores, most)) if scores else "",
        shares=Markup(charts.shares(findings.items)) if findings.marked else "",
        fewest=FEWEST,
        slow_factor=_SLOW,
        similar=_SIMILAR,
        most_rows=_MOST_ROWS,
        graded_at=_moment(max((_text(outcome["graded_at"]) for outcome in findings.outcomes), default="")),
        waiting=_waiting(findings.marked),
    )


def _waiting(marked: Iterable[Record]) -> Mapping[str, int]:
    """Count the answers that wait for a person, by task."""
    return Counter(name for record in marked for name in record.waiting)


def _solutions(places: Places, problem_set: str, outcomes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return each student's code, of the graded notebooks: they are releases with the student's solutions in them."""
    students = [outcome["student"] for outcome in outcomes if outcome["status"] == "graded"]
    found = {student: _code(_cells(places.autograded(problem_set, student))) for student in students}
    return {student: code for student, code in found.items() if code}


def _cells(folder: Path) -> list[Any]:
    """Return the cells of the notebooks in a folder that nbgrader knows."""
    cells = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells += nbformat.read(path, as_version=4).cells
        except Exception:  # nbformat raises whatever it stumbles over; a notebook that is none has no cells
            continue
    return [cell for cell in cells if "nbgrader" in cell.metadata]


def _code(cells: Iterable[Any]) -> str:
    """Return the code of all solution cells."""
    solutions = [cell for cell in cells if cell.cell_type == "code" and utils.is_solution(cell)]
    return "\n\n".join(cell.source for cell in solutions)


def _seconds(outcome: Mapping[str, Any]) -> float:
    return float((outcome.get("seconds") or {}).get("total") or 0.0)


def _text(value: object) -> str:
    """Return it as text of a length that a person reads."""
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"


def _duration(seconds: float) -> str:
    """Return a duration in two units.

    Examples
    --------
    >>> _duration(93_600)
    '1 d 2 h'
    """
    seconds = int(seconds)
    if seconds < 60:
        return f"{seconds} s"
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    first = next(number for number, (_, size) in enumerate(units) if seconds >= size)
    (unit, size), (less, smaller) = units[first], units[first + 1]
    rest = seconds % size // smaller
    return f"{seconds // size} {unit}" + (f" {rest} {less}" if rest else "")


def _moment(iso: str) -> str:
    """Return date and minute of a time in ISO form."""
    return iso.replace("T", " ")[:16]


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:.0%}".replace("%", " %")


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}".replace("-", "−")
