"""Late days: exact to the second, by the server's time, with extensions, through nbgrader's own preprocessor."""

import datetime
import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties
from small_class import DUE, PROBLEM_SET, TASKS, SmallClass, notebook
from traitlets import TraitError
from traitlets.config import Config

from course_pkg.errors import CourseError
from course_pkg.grading.database import reading
from course_pkg.grading.marks import records
from course_pkg.grading.policies import LateDays, extend, moment

FULL = dict(TASKS, explain=3.0)
SECOND, DAY = datetime.timedelta(seconds=1), datetime.timedelta(days=1)
NONE = datetime.timedelta()


def penalty_of(small_class: SmallClass, student: str, notebook=None, **settings) -> float | None:
    """Return what nbgrader writes down with this policy."""
    config = Config()
    config.AssignLatePenalties.plugin_class = LateDays
    for name, value in settings.items():
        config.LateDays[name] = value
    names = {"notebook": PROBLEM_SET, "assignment": PROBLEM_SET, "student": student, "db_url": small_class.db_url}
    AssignLatePenalties(config=config).preprocess(notebook or nbformat.v4.new_notebook(), {"nbgrader": names})
    with Gradebook(small_class.db_url) as gradebook:
        row = gradebook.find_submission_notebook(PROBLEM_SET, PROBLEM_SET, student)
        return row.late_submission_penalty


@pytest.fixture
def small_class(tmp_path):
    return SmallClass(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "days"),
    [
        (-86_400, 0),
        (-1, 0),
        (0, 0),
        (1e-6, 1),
        (1, 1),
        (86_399, 1),
        (86_400, 1),
        (86_400.5, 2),
        (86_401, 2),
        (172_800, 2),
    ],
)
def test_each_started_day_costs(seconds, days):
    policy = LateDays(per_day=0.1)
    assert policy.late_submission_penalty("ada", 20.0, seconds) == pytest.approx(2.0 * days)


def test_free_days_come_first():
    policy = LateDays(per_day=0.25, free_days=2)
    assert [policy.late_submission_penalty("ada", 8.0, 86_400 * n) for n in (1, 2, 3, 4, 9)] == [0, 0, 2, 4, 8]
    assert policy.late_submission_penalty("ada", 8.0, 2 * 86_400 + 1) == 2


def test_there_is_a_most_and_an_end():
    policy = LateDays(per_day=0.1, most=0.3, zero_after=5)
    assert [policy.late_submission_penalty("ada", 10.0, 86_400 * n) for n in (1, 3, 4, 5)] == pytest.approx(
        [1, 3, 3, 3]
    )
    assert policy.late_submission_penalty("ada", 10.0, 5 * 86_400 + 1) == 10
    assert LateDays(zero_after=0).late_submission_penalty("ada", 10.0, 1) == 10


def test_as_it_comes_it_costs_nothing():
    assert LateDays().late_submission_penalty("ada", 10.0, 1e9) == 0


@pytest.mark.parametrize(
    "wrong", [{"per_day": 10}, {"per_day": -0.1}, {"most": 1.5}, {"free_days": -1}, {"zero_after": -1}]
)
def test_a_wrong_setting_is_named(wrong):
    (name,) = wrong
    with pytest.raises(TraitError, match=f"LateDays.{name} = "):
        LateDays(**wrong)


@pytest.mark.parametrize(
    ("late", "extension", "expected"),
    [
        (-SECOND, None, None),
        (NONE, None, None),
        (SECOND, None, 1.3),
        (DAY, None, 1.3),
        (DAY + SECOND, None, 2.6),
        (DAY, DAY, None),
        (DAY + SECOND, DAY, 1.3),
        (None, None, None),
    ],
)
def test_nbgrader_takes_it_from_the_score(small_class, late, extension, expected):
    small_class.hand_in("ada", FULL, late=late, extension=extension)
    found = penalty_of(small_class, "ada", per_day=0.1)
    assert found == (None if expected is None else pytest.approx(expected))


def test_without_a_due_date_nobody_is_late(tmp_path):
    small_class = SmallClass(tmp_path, due=None)
    small_class.hand_in("ada", FULL, late=100 * DAY)
    assert penalty_of(small_class, "ada", per_day=0.1) is None


def test_a_submission_without_a_time_is_noted(small_class):
    small_class.hand_in("ada", FULL, late=None)
    with reading(small_class.db_url) as session:
        (record,) = records(session)
    assert record.handed_in
    assert (record.timestamp, record.seconds_late) == (None, 0)


def test_a_second_grading_with_more_time_takes_the_penalty_back(small_class):
    small_class.hand_in("ada", FULL, late=DAY)
    assert penalty_of(small_class, "ada", per_day=0.1) == pytest.approx(1.3)
    extend(small_class.db_url, PROBLEM_SET, "ada", DAY)
    assert penalty_of(small_class, "ada", per_day=0.1) is None


def test_what_stands_in_the_notebook_plays_no_part(small_class):
    small_class.hand_in("ada", FULL, late=SECOND)
    forged = notebook("timestamp = '2020-01-01 00:00:00 UTC'")
    forged.metadata["timestamp"] = forged.cells[1].metadata["timestamp"] = "2020-01-01 00:00:00 UTC"
    assert penalty_of(small_class, "ada", forged, per_day=0.1) == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-04 12:00:00.000000 UTC", None),
        ("2026-05-04 14:00:00+0200", None),
        ("2026-05-04 14:00:01+0200", 1.3),
        ("2026-05-04 08:00:00-04:00", None),
        ("2026-05-04 08:00:01-04:00", 1.3),
        ("2026-05-04 12:00:00", None),
        ("2026-05-04T12:00:01+00:00", 1.3),
        ("2026-05-04 14:00:00 Europe/Berlin", None),
        ("2026-05-04 14:00:01 Europe/Berlin", 1.3),
    ],
)
def test_time_zones_of_timestamps(small_class, written, expected):
    """As nbgrader reads what collecting wrote to timestamp.txt."""
    small_class.hand_in("ada", FULL)
    with Gradebook(small_class.db_url) as gradebook:
        gradebook.update_or_create_submission(PROBLEM_SET, "ada", timestamp=written)
    found = penalty_of(small_class, "ada", per_day=0.1)
    assert found == (None if expected is None else pytest.approx(expected))


# extensions


def test_an_extension_can_come_before_the_submission(small_class):
    small_class.enrol("ada")
    assert extend(small_class.db_url, PROBLEM_SET, "ada", DAY) == DUE + DAY
    with Gradebook(small_class.db_url) as gradebook:
        row = gradebook.find_submission(PROBLEM_SET, "ada")
        assert len(row.notebooks[0].grades) == len(FULL)  # autograding fails without them
        gradebook.update_or_create_submission(PROBLEM_SET, "ada", timestamp=str(DUE + DAY))
        assert gradebook.find_submission(PROBLEM_SET, "ada").total_seconds_late == 0
    with reading(small_class.db_url) as session:
        (record,) = records(session)
    assert record.due == DUE + DAY


def test_extensions_replace_each_other(small_class):
    small_class.hand_in("ada", FULL)
    extend(small_class.db_url, PROBLEM_SET, "ada", DAY)
    assert extend(small_class.db_url, PROBLEM_SET, "ada", 2 * DAY) == DUE + 2 * DAY
    assert extend(small_class.db_url, PROBLEM_SET, "ada", until=DUE + SECOND) == DUE + SECOND
    assert extend(small_class.db_url, PROBLEM_SET, "ada") == DUE
    with Gradebook(small_class.db_url) as gradebook:
        assert gradebook.find_submission(PROBLEM_SET, "ada").extension is None


def test_marks_stay_when_time_is_given(small_class):
    small_class.hand_in("ada", FULL)
    extend(small_class.db_url, PROBLEM_SET, "ada", DAY)
    with reading(small_class.db_url) as session:
        (record,) = records(session)
    assert record.score == sum(FULL.values())


def test_wrong_extensions_are_refused(small_class, tmp_path):
    small_class.enrol("ada")
    with pytest.raises(CourseError, match="no student 'eve'"):
        extend(small_class.db_url, PROBLEM_SET, "eve", DAY)
    with pytest.raises(CourseError, match="no problem set 'ps0'"):
        extend(small_class.db_url, "ps0", "ada", DAY)
    with pytest.raises(CourseError, match="must end later"):
        extend(small_class.db_url, PROBLEM_SET, "ada", until=DUE - SECOND)
    undated = SmallClass(tmp_path / "undated", due=None)
    undated.enrol("ada")
    with pytest.raises(CourseError, match="no due date"):
        extend(undated.db_url, PROBLEM_SET, "ada", DAY)
    with Gradebook(small_class.db_url) as gradebook:
        assert gradebook.assignment_submissions(PROBLEM_SET) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-04", datetime.datetime(2026, 5, 4, 23, 59, 59)),
        ("2026-05-04 12:00", DUE),
        ("2026-05-04T12:00:00Z", DUE),
        ("2026-05-04 14:00 +0200", DUE),
        ("2026-05-04 14:00+02:00", DUE),
        ("2026-05-04 14:00 Europe/Berlin", DUE),
        ("2026-11-04 13:00 Europe/Berlin", datetime.datetime(2026, 11, 4, 12, 0)),
    ],
)
def test_moments(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "2026-05-04 25:00", "2026-05-04 12:00 Atlantis", "2026-05-04 12:00 ../x"]
)
def test_no_moment(text):
    with pytest.raises(CourseError, match="is no date"):
        moment(text)


def test_the_command(small_class, repository, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from course_pkg.cli import app

    small_class.enrol("ada")
    (tmp_path / "solutions" / PROBLEM_SET).mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    done = run(app, ["grade", "extend", "ps9", "ada", "--days", "1", "--hours", "2"])
    assert done.output.startswith(f"For ada, {PROBLEM_SET} is due at 2026-05-05 14:00:00 UTC.\n")
    done = run(app, ["grade", "extend", "ps9", "ada", "--until", "2026-05-10"])
    assert "is due at 2026-05-10 23:59:59 UTC" in done.output
    done = run(app, ["grade", "extend", "ps9", "ada", "--until", "2026-05-10", "--days", "1"])
    assert isinstance(done.exception, CourseError)
