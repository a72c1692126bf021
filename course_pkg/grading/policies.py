"""What handing in late costs: free days, a share for each started day, and an end; and more time for one student.

How late a submission is, nbgrader says: its timestamp, which collecting writes to ``timestamp.txt``, less the due date
with the student's extension. Nothing that stands in a notebook plays a part. Without a timestamp or a due date nobody
is late. Times are best in UTC, which is nbgrader's default: nbgrader 0.9.6 takes a zone of `` +0200``, after a space,
for 200 seconds.
"""

from __future__ import annotations

import datetime
import math
import warnings
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from nbgrader.plugins import LateSubmissionPlugin  # type: ignore[import-untyped]
from sqlalchemy.exc import SAWarning
from traitlets import Float, Integer, TraitError, validate

from course_pkg.errors import CourseError
from course_pkg.grading.database import reading
from course_pkg.grading.marks import records

__all__ = ["LateDays", "extend", "moment"]

_DAY = 86_400
_NOTHING = datetime.timedelta()


class LateDays(LateSubmissionPlugin):  # type: ignore[misc]
    """A penalty by started days, for ``c.AssignLatePenalties.plugin_class``.

    The penalty is a share of what the notebook earned, so that nobody loses more than there is::

        penalty = score × min(per_day × max(0, started days − free_days), most)

    and the whole score if more than ``zero_after`` days have started. As it comes from the factory, it costs nothing.
    """

    free_days = Integer(0, help="Started days after the due date that cost nothing, in each problem set.").tag(
        config=True
    )
    per_day = Float(0.0, help="The share of the score that each further started day costs, 0 to 1.").tag(config=True)
    most = Float(1.0, help="The largest share of the score that lateness costs, 0 to 1.").tag(config=True)
    zero_after = Integer(
        None, allow_none=True, help="Days after the due date, free ones included, beyond which the score is 0."
    ).tag(config=True)

    @validate("free_days", "zero_after")
    def _not_negative(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is not None and value < 0:
            raise TraitError(f"LateDays.{proposal['trait'].name} = {value}: days cannot be negative.")
        return value

    @validate("per_day", "most")
    def _a_share(self, proposal: Any) -> Any:
        value = proposal["value"]
        if not 0 <= value <= 1:
            raise TraitError(f"LateDays.{proposal['trait'].name} = {value}: write a share from 0 to 1, such as 0.1.")
        return value

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Return the points to take away.

        Parameters
        ----------
        student_id : str
        score : float
            What the notebook earned.
        total_seconds_late : float
            After the due date with the student's extension.

        Returns
        -------
        float
            From 0 to `score`.
        """
        days = math.ceil(max(0.0, total_seconds_late) / _DAY)
        if self.zero_after is not None and days > self.zero_after:
            share = 1.0
        else:
            share = min(self.per_day * max(0, days - self.free_days), self.most)
        penalty = score * share
        self.log.info("%s: %d days late, %g of %g points taken away", student_id, days, penalty, score)
        return penalty


def moment(text: str) -> datetime.datetime:
    """Read when something is due.

    Parameters
    ----------
    text : str
        As ``2026-05-04 12:00``, with a zone as ``2026-05-04 12:00 +0200`` or ``2026-05-04 12:00 Europe/Berlin``;
        without one, UTC. A date alone: its end.

    Returns
    -------
    datetime
        UTC without a zone, as nbgrader keeps it.

    Raises
    ------
    CourseError
        If it is no date.

    Examples
    --------
    >>> moment("2026-05-04 12:00 +0200")
    datetime.datetime(2026, 5, 4, 10, 0)
    >>> moment("2026-05-04")
    datetime.datetime(2026, 5, 4, 23, 59, 59)
    """
    day, _, rest = text.strip().replace("T", " ").partition(" ")
    clock, _, zone = rest.partition(" ")
    try:
        if not rest:
            return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(23, 59, 59))
        # not nbgrader's parse_utc, which takes +0200 for 200 seconds
        when = datetime.datetime.fromisoformat(f"{day} {clock}{zone}" if zone[:1] in ("+", "-") else f"{day} {clock}")
        named = ZoneInfo(zone) if zone and zone[0] not in "+-" else datetime.UTC
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise CourseError(f"{text!r} is no date. Write it as 2026-05-04 or '2026-05-04 12:00 +0200'.") from error
    return when.replace(tzinfo=when.tzinfo or named).astimezone(datetime.UTC).replace(tzinfo=None)


def extend(
    db_url: str,
    problem_set: str,
    student: str,
    more: datetime.timedelta = _NOTHING,
    until: datetime.datetime | None = None,
) -> datetime.datetime:
    """Give a student more time, in the gradebook; it replaces an extension given before.

    nbgrader keeps extensions with submissions: who has handed in nothing yet gets an empty one.

    Parameters
    ----------
    db_url, problem_set, student : str
    more : timedelta
        After the due date of all. Nothing: an extension is taken back.
    until : datetime, optional
        In place of `more`; UTC without a zone.

    Returns
    -------
    datetime
        The student's due date; UTC without a zone.

    Raises
    ------
    CourseError
        If the gradebook does not know the problem set or the student, the time would be shorter, or there is no due
        date to go by: nbgrader cannot grade a submission that has an extension of nothing.
    """
    with reading(db_url) as session:
        (record,) = records(session, [problem_set], [student])
    if record.due is None:
        raise CourseError(
            f"{problem_set} has no due date to extend. Set one: "
            f"nbgrader db assignment add {problem_set} --duedate='2026-05-04 12:00 UTC'."
        )
    due: datetime.datetime = record.due - record.extension
    extension = until - due if until else more
    if extension < _NOTHING:
        raise CourseError(f"{problem_set} is due at {due} UTC for all. An extension must end later.")
    with Gradebook(db_url) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader adds rows in an order that SQLAlchemy warns of
        row = gradebook.update_or_create_submission(problem_set, student)
        row.extension = extension or None
        gradebook.db.commit()
    return due + extension
