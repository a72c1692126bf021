"""What differs between two snapshots, said in words and numbers."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_pkg.grading.differences import LATE, differences, histogram, summaries, totals


def grade(auto=None, manual=None, extra=None):
    return {"auto_score": auto, "manual_score": manual, "extra_credit": extra, "needs_manual_grade": False}


def snapshot(tasks, **students):
    """Make a snapshot of one notebook from the tasks' points and the students' grades."""
    cells = [
        {"kind": "grade", "name": name, "max_score": points, "cell_type": "code"} for name, points in tasks.items()
    ]
    cells.append({"kind": "source", "name": "t1", "cell_type": "code", "locked": True, "source": "", "checksum": ""})
    submissions = {}
    for name, (penalty, grades) in students.items():
        notebook = {"late_submission_penalty": penalty, "flagged": False, "grades": grades, "comments": {}}
        submissions[name] = {
            "student": {"id": name},
            "timestamp": None,
            "extension": None,
            "notebooks": {"nb": notebook},
        }
    structure = {"name": "ps", "duedate": None, "course": "", "notebooks": {"nb": {"kernelspec": "", "cells": cells}}}
    return {"structure": structure, "submissions": submissions}


def found(before, after, old=None, new=None):
    rows = differences(before, after, {"ada": old or {}}, {"ada": new or {}})
    return [(row.student, row.task, row.old, row.new, row.why) for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "old_error", "new_error", "expected"),
    [
        (grade(0.0), grade(2.0), "E: x", None, (0.0, 2.0, "passes now: was E: x")),
        (grade(0.0), grade(2.0), None, None, (0.0, 2.0, "passes now")),
        (grade(2.0), grade(0.0), None, "E: y", (2.0, 0.0, "E: y")),
        (grade(2.0), grade(1.0), None, None, (2.0, 1.0, "earns less now")),
        (grade(2.0), grade(0.0, 1.5), None, "E: y", (2.0, 1.5, "E: y; mark by hand none is 1.5 now")),
        (grade(2.0, 1.5, 0.25), grade(0.0, 1.5, 0.25), None, "E: y", (1.75, 1.75, "E: y; the mark by hand counts")),
        (grade(), grade(1.0), None, None, (None, 1.0, "earns more now")),
        (grade(0.5), grade(1.5), None, None, (0.5, 1.5, "earns more now")),
    ],
)
def test_each_changed_mark_has_a_reason(old, new, old_error, new_error, expected):
    before, after = snapshot({"t1": 2}, ada=(None, {"t1": old})), snapshot({"t1": 2}, ada=(None, {"t1": new}))
    assert found(before, after, {"t1": old_error}, {"t1": new_error}) == [("ada", "t1", *expected)]


def test_marks_that_stay_are_not_listed():
    one = snapshot({"t1": 2, "t2": 1}, ada=(0.5, {"t1": grade(1.0), "t2": grade(None, 1.0)}))
    other = copy.deepcopy(one)
    other["submissions"]["ada"]["notebooks"]["nb"]["grades"]["t1"]["needs_manual_grade"] = True
    assert found(one, other, {"t1": "E: a"}, {"t1": "E: b"}) == []


def test_changed_points_are_said_also_where_the_mark_stays():
    before, after = (snapshot({"t1": points}, ada=(None, {"t1": grade(1.0)})) for points in (2, 1.5))
    (row,) = found(before, after)
    assert row[:4] == ("ada", "t1", 1.0, 1.0)
    assert row[4].startswith("points changed from 2 to 1.5")


def test_more_points_are_not_taken_for_a_better_answer():
    before, after = (snapshot({"t1": points}, ada=(None, {"t1": grade(points)})) for points in (1.0, 3.0))
    assert found(before, after) == [("ada", "t1", 1.0, 3.0, "points changed from 1 to 3")]


def test_added_and_removed_tests_students_and_penalties():
    before = snapshot({"t1": 2}, ada=(0.5, {"t1": grade(1.0)}), bob=(None, {"t1": grade(2.0)}))
    after = snapshot({"t2": 2}, ada=(0.25, {"t2": grade(0.0)}), eve=(None, {"t2": grade(2.0)}))
    assert found(before, after, {}, {"t2": "E: z"}) == [
        ("ada", "t1", 1.0, None, "test removed"),
        ("ada", "t2", None, 0.0, "test added: E: z"),
        ("ada", LATE, -0.5, -0.25, "the penalty follows the score"),
        ("bob", "t1", 2.0, None, "test removed"),
        ("eve", "t2", None, 2.0, "test added"),
    ]


def test_a_first_submission_is_said_to_be_one():
    before = snapshot({"t1": 2}, bob=(None, {"t1": grade(2.0)}))
    after = snapshot({"t1": 2}, ada=(None, {"t1": grade(1.0)}), bob=(None, {"t1": grade(2.0)}))
    assert found(before, after) == [("ada", "t1", None, 1.0, "first graded")]
    assert found(after, before) == [("ada", "t1", 1.0, None, "submission removed")]


def test_tasks_are_summed_up_over_all_students():
    tasks = {"t1": 2, "t2": 1}
    before = snapshot(tasks, **{name: (None, {"t1": grade(1.0), "t2": grade(1.0)}) for name in "abcd"})
    after = copy.deepcopy(before)
    for name, mark in (("a", 2.0), ("b", 0.5), ("c", 2.0)):
        after["submissions"][name]["notebooks"]["nb"]["grades"]["t1"]["auto_score"] = mark
    (row,) = summaries(before, after, differences(before, after, {}, {}))
    assert (row.task, row.old_maximum, row.new_maximum, row.rose, row.fell) == ("t1", 2, 2, 2, 1)
    assert row.mean_change == pytest.approx(1.5 / 4)


def test_totals_have_extra_credit_and_penalties():
    found = totals(
        snapshot({"t1": 2, "t2": 1}, ada=(0.5, {"t1": grade(0.0, 1.5, 0.25), "t2": grade()}), bob=(None, {}))
    )
    assert found == {"ada": 1.25, "bob": 0.0}


@given(st.lists(st.floats(-10, 10).map(lambda value: round(value, 2)), min_size=1, max_size=60))
def test_a_histogram_counts_each_change_once(changes):
    bars = histogram(changes)
    assert sum(count for _, count in bars) == len(changes)
    assert len(bars) <= 12
    assert len({label for label, _ in bars}) == len(bars)


def test_many_values_are_counted_in_ranges():
    bars = histogram([index / 10 for index in range(20)])
    assert [count for _, count in bars] == [2] * 10
    assert bars[0][0] == "0 … +0.19"
